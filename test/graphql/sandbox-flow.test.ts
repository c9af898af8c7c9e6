import { readFileSync } from 'node:fs';
import { buildASTSchema, getOperationAST, Kind, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { sandboxFlow } from '../../src/graphql/sandbox-flow.js';
import { packageFolder } from '../../src/package-files.js';

it('what the sandbox opens with is valid, and each variable is given', () => {
  const schema = buildASTSchema(parse(readFileSync(`${packageFolder}schema/schema.graphql`, 'utf8')));
  const document = parse(sandboxFlow.document);
  expect(validate(schema, document)).toEqual([]);
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  expect(operations.map(({ name }) => name?.value)).toEqual(['Ask', 'Look', 'Reset', 'SignIn', 'Me']);
  const names = operations
    .flatMap(({ variableDefinitions }) => variableDefinitions ?? [])
    .map((each) => each.variable.name.value);
  expect(names.toSorted()).toEqual(Object.keys(sandboxFlow.variables).toSorted());
  expect(getOperationAST(document, 'Ask')).toBeTruthy();
});
