import type { Attack, OutsideAttack } from '../attack.js';
import { expectRefused } from '../refusal.js';

const times = (count: number, make: (index: number) => string) => Array.from({ length: count }, (_, i) => make(i));
const nested = (count: number, open: string, inner: string) => `${open.repeat(count)}${inner}${'}'.repeat(count)}`;
const aliases = (count: number, field: string) => times(count, (i) => `a${i}: ${field}`).join(' ');

const guarded = {
  signIn: 'signIn(input: { email: "a@kit.example", password: "wrong" }) { __typename }',
  resetPassword: 'resetPassword(input: { key: "k", password: "p" }) { __typename }',
  confirmSignUp: 'confirmSignUp(input: { key: "k", password: "p" }) { __typename }',
  requestPasswordReset: 'requestPasswordReset(input: { email: "a@kit.example" }) { __typename }',
  signUp: 'signUp(input: { email: "a@kit.example", password: "p" }) { __typename }',
  changePassword: 'changePassword(input: { currentPassword: "a", newPassword: "b" }) { __typename }',
  signOutEverywhere: 'signOutEverywhere { __typename }',
};

type Inputs = readonly (readonly [string, string])[];

/** Documents that must be refused as they are, before a resolver runs. */
function refused(ids: readonly string[], title: string, inputs: Inputs): OutsideAttack {
  return {
    ids,
    title,
    needs: 'url',
    run: async (target, findings) => {
      for (const [name, query] of inputs) {
        await expectRefused(findings, name, () => target.stranger().post({ query }));
      }
      return 'each document was refused before anything of it ran';
    },
  };
}

const severalAttempts: Inputs = Object.entries(guarded).flatMap(
  ([name, field]): Inputs => [
    ...[2, 10, 60].map((count) => [`${count} aliases of ${name}`, `mutation { ${aliases(count, field)} }`] as const),
    [`${name} twice`, `mutation { ${field} ${field} }`],
    [`${name} in two spreads`, `mutation { ...F ...F } fragment F on Mutation { ${field} }`],
    [`${name} in nested fragments`, `mutation { ... { ... { ${field} } } ... on Mutation { b: ${field} } }`],
    [`${name} beside a skipped one`, `mutation { ${field} b: ${field.replace(' {', ' @skip(if: true) {')} }`],
    [`${name} beside another`, `mutation { ${field} o: ${name === 'signUp' ? guarded.signIn : guarded.signUp} }`],
  ],
);

const look = 'passwordResetKey(key: "x") { __typename }';
const spreadTree = (levels: number) =>
  `{ ...F0 } ${times(levels, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F${levels} on Query { __typename }`;

export const documents: readonly Attack[] = [
  refused(['G-01', 'V-20'], 'several tries in one document', [
    ...severalAttempts,
    ['two looks at a key', `{ a: ${look} b: ${look} }`],
    ['sixty looks at a key', `{ ${aliases(60, look)} }`],
    ['two operations, each a try', `mutation A { ${guarded.signIn} } mutation B { ${guarded.signIn} }`],
  ]),
  refused(['G-02'], 'a flood of aliases', [
    ['two at the root', '{ a: __typename b: __typename }'],
    ...[101, 1_000].map((count) => [`${count} at the root`, `{ ${aliases(count, '__typename')} }`] as const),
    ['400 below it', `{ passwordPolicy { ${aliases(400, '__typename')} } }`],
    ['150 of a scalar below it', `{ passwordPolicy { ${aliases(150, 'minLength')} } }`],
    ['120 in a fragment', `{ passwordPolicy { ...F } } fragment F on PasswordPolicy { ${aliases(120, 'maxLength')} }`],
  ]),
  refused(['G-04'], 'the same field again and again', [
    ...[500, 1_500].map((count) => [`${count} times at the root`, `{ ${'__typename '.repeat(count)} }`] as const),
    ['2,000 times below it', `{ passwordPolicy { ${'rules '.repeat(2_000)} } }`],
    ['5,000 times a short one', `{ me { ${'id '.repeat(5_000)} } }`],
    ['130 times with arguments of another', `{ me { ${'id email '.repeat(130)} } }`],
  ]),
  refused(['G-05'], 'overlapping fragments', [
    ['95 nested inline ones', `{ passwordPolicy ${nested(95, '{ minLength ...', '{ minLength }')} }`],
    ['450 nested inline ones', `{ passwordPolicy ${nested(450, '{ maxLength ...', '{ maxLength }')} }`],
    ['380 neighbours', `{ me { ${'... { id email } '.repeat(380)} } }`],
    ['99 neighbours with a type', `{ me { ${'... on Account { id } '.repeat(99)} } }`],
    ['aliases that conflict', '{ passwordPolicy { a: minLength ... { a: maxLength } } }'],
  ]),
  refused(['G-06'], 'depth', [
    ...[10, 100, 2_400].map((depth) => [`${depth} fields deep`, nested(depth, '{me', '{id}')] as const),
    ['100 inline fragments deep', nested(100, '{ ... ', '{ __typename }')],
    ['15 inline fragments deep', nested(15, '{ ... on Query ', '{ __typename }')],
    ['lists in a literal', `{ passwordResetKey(key: ${'['.repeat(7_000)}${']'.repeat(7_000)}) { __typename } }`],
    ['objects in a literal', `mutation { signIn(input: ${nested(2_000, '{a:', '1')}) { __typename } }`],
    ['a type of many lists', `query($a: ${'['.repeat(3_000)}Int${']'.repeat(3_000)}) { __typename }`],
    ['a type of many lists, with marks', `query($a: ${'['.repeat(90)}Int${']!'.repeat(90)}) { __typename }`],
    ['only opening braces', '{'.repeat(15_000)],
  ]),
  refused(['G-07'], 'fragments that run in circles or multiply', [
    ['one that spreads itself', '{ ...A } fragment A on Query { ...A }'],
    ['two that spread each other', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
    ['ten in a circle', `{ ...F0 } ${times(10, (i) => `fragment F${i} on Query { ...F${(i + 1) % 10} }`).join(' ')}`],
    ['one in an inline fragment', '{ ...A } fragment A on Query { ... { ...A } }'],
    ['one that nobody spreads', '{ __typename } fragment A on Query { ...A }'],
    ['one below the root', '{ me { ...A } } fragment A on Account { id ...B } fragment B on Account { email ...A }'],
    ['one called __schema', '{ ...__schema } fragment __schema on Query { a: __typename b: __typename }'],
    ['one called __proto__', '{ ...__proto__ } fragment __proto__ on Query { a: __typename b: __typename }'],
    ['one called constructor, missing', '{ ...constructor }'],
    ['two of one name', '{ ...A } fragment A on Query { __typename } fragment A on Query { me { id } }'],
    [
      '300 that nobody spreads',
      `{ __typename } ${times(300, (i) => `fragment F${i} on Query { me { id } }`).join(' ')}`,
    ],
    ...[8, 20, 30, 60].map((levels) => [`a tree of 2^${levels}`, spreadTree(levels)] as const),
  ]),
  refused(['G-13'], 'directives', [
    ...[1, 10, 6_000].map((count) => [`${count} unknown ones`, `{ __typename ${'@x'.repeat(count)} }`] as const),
    ['@include 150 times', `{ __typename ${'@include(if: true) '.repeat(150)} }`],
    ['@include twice', '{ __typename @include(if: true) @include(if: true) }'],
    ['@skip without its argument', '{ __typename @skip }'],
    ['@deprecated', '{ __typename @deprecated(reason: "x") }'],
    ['@oneOf on an operation', 'query @oneOf { __typename }'],
    ['unknown ones on an operation', `query ${'@a@b@c@d'.repeat(200)} { __typename }`],
    ['unknown ones on a variable', 'query($a: Int @x) { __typename }'],
  ]),
  refused(['G-18'], 'subscriptions and answers in parts', [
    ['a subscription', 'subscription { __typename }'],
    ['a subscription with a name', 'subscription S { me { id } }'],
    ['a subscription beside a query', 'query A { __typename } subscription B { me { id } }'],
    ['@defer', '{ ... @defer { __typename } }'],
    ['@defer that is off', '{ ... @defer(if: false) { __typename } }'],
    ['@stream', '{ passwordPolicy { rules @stream } }'],
    ['@stream with a count', '{ passwordPolicy { rules @stream(initialCount: 1) } }'],
    ['@live', 'query @live { __typename }'],
  ]),
  refused(['G-19'], 'operations and names without end', [
    ['300 operations and no name', times(300, (i) => `query Q${i} { __typename }`).join(' ')],
    ['two operations and no name', 'query A { __typename } query B { __typename }'],
    ['two without names', '{ __typename } { __typename }'],
    ['two of one name', 'query A { __typename } query A { me { id } }'],
    ['a name of 15,000 characters', `{ ${'x'.repeat(15_000)} }`],
    ['500 variables', `query(${times(500, (i) => `$v${i}: Int`).join(' ')}) { __typename }`],
    ['15,000 commas before a field that is not there', `{${','.repeat(15_000)}x }`],
    ['a comment before nothing', `#${'x'.repeat(15_000)}\n`],
    ['a text that does not end', `{ passwordResetKey(key: "${'x'.repeat(12_000)}) }`],
    ['a block text that does not end', `{ passwordResetKey(key: """${'x'.repeat(12_000)}) }`],
    ['a name of a megabyte', `query ${'x'.repeat(1_000_000)} { __typename }`],
    ['a schema', 'type Query { a: Int }'],
    ['an extension of the schema', 'extend type Mutation { a: Int } { __typename }'],
    ['nothing but a fragment', 'fragment F on Query { __typename }'],
  ]),
];
