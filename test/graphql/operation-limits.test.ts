import fc from 'fast-check';
import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { introspectionLimits, operationLimits, operationLimitsRule } from '../../src/graphql/operation-limits.js';

const schema = buildSchema(
  'type Query { a: Node b: Node } type Node { n: Node v: Int } type Mutation { one: Int two: Int }',
);
const check = (document: string, limits = operationLimits) =>
  validate(schema, parse(document), [operationLimitsRule(limits)]).map(({ message }) => message);

const tooLarge = ['The operation is too large.'];
const oneField = ['A mutation must have exactly one root field.'];
const onceOnly = ['A root field may stand only once in a query.'];
const fields = (count: number) => Array.from({ length: count }, (_, i) => `f${i}: v`).join(' ');
const deep = (levels: number) => `{ a ${'{ n '.repeat(levels - 2)}{ v }${' }'.repeat(levels - 2)} }`;

it.each<[string, string, string[]]>([
  ['one query field', '{ a { v } }', []],
  ['each query field once', '{ a { v } b { v } }', []],
  ['a query field twice', '{ a { v } a { v } }', onceOnly],
  ['a query field under two names', '{ x: a { v } y: a { v } }', onceOnly],
  [
    'a query field in two fragments',
    '{ ...F ...G } fragment F on Query { a { v } } fragment G on Query { a { v } }',
    onceOnly,
  ],
  ['a query field in two inline fragments', '{ ... { a { v } } ... on Query { a { v } } }', onceOnly],
  ['a fragment twice', '{ ...F ...F } fragment F on Query { a { v } }', onceOnly],
  ['__typename twice', '{ __typename x: __typename }', onceOnly],
  ['one mutation field', 'mutation { one }', []],
  ['two mutation fields', 'mutation { one two }', oneField],
  ['two mutation fields, one skipped', 'mutation { one two @skip(if: true) }', oneField],
  [
    'two mutation fields in fragments',
    'mutation { ...F ...G } fragment F on Mutation { one } fragment G on Mutation { two }',
    oneField,
  ],
  ['no mutation field', 'mutation { ...F } fragment F on Mutation { ...Nowhere }', oneField],
  ['a good operation beside a bad one', 'query A { a { v } } mutation B { one two }', oneField],
  ['a subscription', 'subscription { a { v } }', ['Only queries and mutations are answered.']],
  ['as many fields as are allowed', `{ a { ${fields(operationLimits.fields - 1)} } }`, []],
  ['one field more', `{ a { ${fields(operationLimits.fields)} } }`, tooLarge],
  ['as many levels as are allowed', deep(operationLimits.depth), []],
  ['one level more', deep(operationLimits.depth + 1), tooLarge],
  ['fragments in fragments', `{ ${'... { '.repeat(20)}__typename${' }'.repeat(20)} }`, tooLarge],
  ['a fragment in itself', '{ ...F } fragment F on Query { ...F }', tooLarge],
  ['fragments in each other', '{ ...F } fragment F on Query { a { v } ...G } fragment G on Query { ...F }', tooLarge],
  [
    'fragments in each other with fields between',
    '{ a { ...F } } fragment F on Node { n { ...G } } fragment G on Node { n { ...F } }',
    tooLarge,
  ],
  [
    'a fragment named __proto__',
    '{ ...__proto__ } fragment __proto__ on Query { x: __typename y: __typename }',
    onceOnly,
  ],
  ['a fragment that is not there', '{ ...constructor }', []],
  ['no operation', 'fragment F on Query { a { v } }', []],
])('judges %s', (_name, document, expected) => {
  expect(check(document)).toEqual(expected);
});

it('has room for the usual question for the schema only where that is allowed', async () => {
  const { getIntrospectionQuery } = await import('graphql');
  expect(check(getIntrospectionQuery(), introspectionLimits)).toEqual([]);
  expect(check(getIntrospectionQuery())).toEqual(tooLarge);
});

/** Root fields of a query, in plain fields, inline fragments and spreads. */
const { selections } = fc.letrec<{ selection: string; selections: string[] }>((tie) => ({
  selection: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a { v }', 'b { v }', 'x: a { v }', '__typename', '...F', '...G'),
    tie('selections').map((inner) => `... { ${inner.join(' ')} }`),
  ),
  selections: fc.array(tie('selection'), { minLength: 1, maxLength: 4 }),
}));

it('never lets a root field through twice, however it is wrapped', () => {
  const fragments = 'fragment F on Query { a { v } ...G } fragment G on Query { b { v } }';
  fc.assert(
    fc.property(selections, (parts) => {
      const document = parts.join(' ');
      const count = (name: RegExp) => (document.match(name) ?? []).length;
      const a = count(/\ba \{/g) + count(/\.\.\.F/g);
      const b = count(/\bb \{/g) + count(/\.\.\.[FG]/g);
      const twice = Math.max(a, b, count(/__typename/g)) > 1;
      expect(check(`{ ${document} } ${fragments}`).length > 0).toBe(twice);
    }),
  );
});

it('walks a document no further than its limits', () => {
  const spreads = Array.from({ length: 60 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`);
  const start = performance.now();
  expect(check(`{ ...F0 } ${spreads.join(' ')} fragment F60 on Query { __typename }`, introspectionLimits)).toEqual(
    tooLarge,
  );
  expect(performance.now() - start).toBeLessThan(1_000);
});
