import { readFile } from 'node:fs/promises';
import {
  buildSchema,
  findBreakingChanges,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { emittedSchema } from '../../src/build/emit-schema.js';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
const committed = await read('../../schema/schema.graphql');
const schema = buildSchema(committed);
const contract = buildSchema(await read('schema.graphql'));
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
);

it('is committed as the resolvers emit it', () => {
  expect(committed, 'run `npm run generate`').toBe(emittedSchema());
});

it('keeps every name, field, argument, nullability, value and member of the contract', () => {
  expect(findBreakingChanges(contract, schema)).toEqual([]);
});

it('makes every failure a UserError, so that a client older than the server has a branch for it', () => {
  const userError = schema.getType('UserError');
  if (!isInterfaceType(userError)) throw new Error('there is no interface UserError');
  const failures = schema.getPossibleTypes(userError);
  for (const union of types.filter(isUnionType)) {
    const members = union.getTypes();
    const successes = members.filter((member) => !failures.includes(member));
    // A sign-up has two successes: an account, or a mail to confirm (see `SIGN_UP`).
    expect(successes, union.name).toHaveLength(union.name === 'SignUpResult' ? 2 : 1);
    expect(members.length, union.name).toBeGreaterThan(1);
  }
  const inUnions = new Set(types.filter(isUnionType).flatMap((union) => union.getTypes()));
  expect(failures.filter((failure) => !inUnions.has(failure))).toEqual([]);
});

it('takes one input object per mutation and answers with a union', () => {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    expect(field.type.toString()).toBe(`${field.name[0]?.toUpperCase()}${field.name.slice(1)}Result!`);
    const inputs = field.args.map((argument) => `${argument.name}: ${argument.type}`);
    const input = `input: ${field.name[0]?.toUpperCase()}${field.name.slice(1)}Input!`;
    expect(inputs).toEqual(field.name === 'signOutEverywhere' ? [] : [input]);
  }
});

describe('says of itself', () => {
  const described = types.flatMap((type) => {
    const rows: { name: string; text: string | null | undefined; wantsExample: boolean }[] = [];
    // GraphQL itself defines what Query and Mutation are.
    const isRoot = type === schema.getQueryType() || type === schema.getMutationType();
    if (!isRoot) rows.push({ name: type.name, text: type.description, wantsExample: !isScalarType(type) });
    if (isEnumType(type)) {
      for (const value of type.getValues()) {
        rows.push({ name: `${type.name}.${value.name}`, text: value.description, wantsExample: false });
      }
    }
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        rows.push({ name: `${type.name}.${field.name}`, text: field.description, wantsExample: true });
        for (const argument of 'args' in field ? field.args : []) {
          const name = `${type.name}.${field.name}(${argument.name}:)`;
          rows.push({ name, text: argument.description, wantsExample: true });
        }
      }
    }
    return rows;
  });

  it('what every type, field, argument, value and union is', () => {
    expect(described.length).toBeGreaterThan(100);
    expect(described.filter(({ text }) => !text?.trim()).map(({ name }) => name)).toEqual([]);
  });

  it('an example of every type, field and argument', () => {
    const wanted = described.filter(({ wantsExample }) => wantsExample);
    expect(wanted.filter(({ text }) => !/Example: `[^`]+`/.test(text ?? '')).map(({ name }) => name)).toEqual([]);
  });
});
