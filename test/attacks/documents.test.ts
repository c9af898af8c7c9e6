import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { type Answer, json, send, stateOf, verdictOf } from './attack.js';

const times = (count: number, make: (index: number) => string) => Array.from({ length: count }, (_, i) => make(i));
const aliases = (count: number, field: string) => times(count, (i) => `a${i}: ${field}`).join(' ');
const nested = (count: number, open: string, inner: string) => `${open.repeat(count)}${inner}${'}'.repeat(count)}`;
/** 2^levels selections from a document of a few hundred characters. */
const spreadTree = (levels: number) =>
  `{ ...F0 } ${times(levels, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F${levels} on Query { __typename }`;

const signIn = 'signIn(input: { email: "alice@example.com", password: "x" }) { __typename }';
const resetPassword = 'resetPassword(input: { key: "x", password: "x" }) { __typename }';
const request = 'requestPasswordReset(input: { email: "alice@example.com" }) { __typename }';

const attacks: [string, string][] = [
  ...[signIn, resetPassword, request].flatMap((field): [string, string][] => [
    ...[2, 10, 100].map((count): [string, string] => [
      `${count} aliases of ${field.split('(')[0]}`,
      `mutation { ${aliases(count, field)} }`,
    ]),
    [`${field.split('(')[0]} twice without aliases`, `mutation { ${field} ${field} }`],
    [`${field.split('(')[0]} in a fragment, twice`, `mutation { ...F ...F } fragment F on Mutation { ${field} }`],
    [`${field.split('(')[0]} in inline fragments`, `mutation { ... { ${field} } ... on Mutation { b: ${field} } }`],
    [`${field.split('(')[0]} and another`, `mutation { ${field} signOutEverywhere { __typename } }`],
  ]),
  ['a skipped second field', `mutation { ${request} b: ${signIn.replace(' {', ' @skip(if: true) {')} }`],
  [
    'two aliases of a look at a key',
    '{ a: passwordResetKey(key: "x") { __typename } b: passwordResetKey(key: "y") { __typename } }',
  ],
  ['two aliases of __typename', '{ a: __typename b: __typename }'],
  ['101 aliases of __typename', `{ ${aliases(101, '__typename')} }`],
  ['1,000 aliases of __typename', `{ ${aliases(1_000, '__typename')} }`],
  ['400 aliases of __typename below the root', `{ passwordPolicy { ${aliases(400, '__typename')} } }`],
  ['a field 500 times', `{ ${'__typename '.repeat(500)} }`],
  ['a field 500 times below the root', `{ passwordPolicy { ${'minLength '.repeat(500)} } }`],
  ['a field 1,300 times', `{ ${'__typename '.repeat(1_300)} }`],
  ['a short field 5,000 times', `{ me { ${'id '.repeat(5_000)} } }`],
  [
    'nested inline fragments that repeat a field',
    `{ passwordPolicy ${nested(95, '{ minLength ...', '{ minLength }')} }`,
  ],
  ['490 such inline fragments', `{ passwordPolicy ${nested(490, '{ minLength ...', '{ minLength }')} }`],
  ['neighbouring inline fragments', `{ me { ${'... { id email } '.repeat(390)} } }`],
  ['100 levels', nested(100, '{ me ', '{ id }')],
  ['2,500 levels', nested(2_500, '{me', '{id}')],
  ['100 levels of inline fragments', nested(100, '{ ... ', '{ __typename }')],
  [
    '900 levels of lists in a literal',
    `{ passwordResetKey(key: ${'['.repeat(900)}${']'.repeat(900)}) { __typename } }`,
  ],
  ['900 levels of objects in a literal', `mutation { signIn(input: ${nested(900, '{a:', '1')}) { __typename } }`],
  ['a fragment that spreads itself', '{ ...A } fragment A on Query { ...A }'],
  ['two fragments that spread each other', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
  ['a cycle below the root', '{ me { ...A } } fragment A on Account { id ...B } fragment B on Account { email ...A }'],
  ['a fragment called __schema', '{ ...__schema } fragment __schema on Query { a: __typename b: __typename }'],
  ['a fragment called __proto__', '{ ...__proto__ } fragment __proto__ on Query { a: __typename b: __typename }'],
  ['a fragment called constructor', '{ ...constructor }'],
  ['400 unused fragments', `{ __typename } ${times(400, (i) => `fragment F${i} on Query { me { id } }`).join(' ')}`],
  ['a tree of 2^20 spreads', spreadTree(20)],
  ['a tree of 2^35 spreads', spreadTree(35)],
  ['a tree of 2^100 spreads', spreadTree(100)],
  ['10 unknown directives', `{ __typename ${'@x'.repeat(10)} }`],
  ['5,000 unknown directives', `{ __typename ${'@x'.repeat(5_000)} }`],
  ['200 times @include', `{ __typename ${'@include(if: true) '.repeat(200)} }`],
  ['@defer', '{ ... @defer { __typename } }'],
  ['@stream', '{ passwordPolicy { rules @stream } }'],
  ['a subscription', 'subscription { __typename }'],
  ['a subscription beside a query', 'query A { __typename } subscription B { me { id } }'],
  ['300 operations without the one asked for', times(300, (i) => `query Q${i} { __typename }`).join(' ')],
  ['500 unused variables', `query(${times(500, (i) => `$v${i}: Int`).join(' ')}) { __typename }`],
  ['15,000 commas', `${','.repeat(15_000)}{ me }`],
  ['15,000 characters of comment', `#${'x'.repeat(15_000)}\n{ me }`],
  ['a name of 15,000 characters', `{ ${'x'.repeat(15_000)} }`],
  ['a text of 15,000 characters that does not end', `{ passwordResetKey(key: "${'x'.repeat(15_000)}) }`],
];

describe.each([
  ['in production', { INTROSPECTION: 'off', SANDBOX: 'off' }],
  ['where the schema may be asked for', { INTROSPECTION: 'on', SANDBOX: 'on' }],
])('%s', (_where, env) => {
  let latchkey: TestLatchkey;
  beforeAll(async () => {
    latchkey = await startLatchkey({ env, withoutWorker: true });
    await ask('{ __typename }');
  });
  afterAll(() => latchkey.close());
  const ask = (query: string): Promise<Answer> =>
    send(latchkey.url, { headers: json, body: JSON.stringify({ query }) });

  // Shows: V-20, G-01, G-02, G-04, G-05, G-06, G-07, G-13, G-18, G-19
  it.each(attacks)('refuses %s, at little cost', async (_name, query) => {
    const before = await stateOf(latchkey);
    const start = performance.now();
    const answer = await ask(query);
    // A wide bound, because the machine may be busy; a document that is not refused would cost minutes.
    expect(performance.now() - start).toBeLessThan(1_000);
    expect([400, 413]).toContain(answer.status);
    expect(answer.body).not.toContain('"data"');
    expect(JSON.parse(answer.body).errors.length).toBeLessThanOrEqual(6);
    expect(await stateOf(latchkey)).toEqual(before);
  });

  it.each([
    ['one field of each kind', '{ me { id } passwordPolicy { minLength } passwordResetKey(key: "x") { __typename } }'],
    ['one mutation in a fragment', `mutation { ...F } fragment F on Mutation { ${signIn} }`],
    ['several operations', 'query A { me { id } }'],
  ])('answers %s', async (_name, query) => {
    const answer = await ask(query);
    expect([answer.status, answer.body.includes('"data":{')]).toEqual([200, true]);
  });
});

describe('where the schema may not be asked for', () => {
  let latchkey: TestLatchkey;
  beforeAll(async () => {
    latchkey = await startLatchkey({ env: { INTROSPECTION: 'off', SANDBOX: 'off' }, withoutWorker: true });
  });
  afterAll(() => latchkey.close());
  const ask = (body: object, headers: Record<string, string> = {}) =>
    send(latchkey.url, { headers: { ...json, ...headers }, body: JSON.stringify(body) });
  const withoutId = ({ body }: Answer) => body.replace(/,"requestId":"[^"]*"/g, '');

  // Shows: V-38, G-10
  it.each([
    ['plainly', '{ __schema { types { name } } }'],
    ['over several lines', 'query\n{\n__schema\n{types{name}}}'],
    ['with commas', '{,,__schema,,{,types,{,name,},},}'],
    ['with an alias', '{ me: __schema { types { name } } }'],
    ['for one type', '{ __type(name: "Account") { fields { name } } }'],
    ['in a fragment', '{ ...F } fragment F on Query { __schema { types { name } } }'],
    ['in an inline fragment', '{ ... on Query { __schema { types { name } } } }'],
    ['in the second operation', 'query A { __typename } query B { __schema { types { name } } }'],
    ['skipped', '{ __typename __schema @skip(if: true) { types { name } } }'],
    ['after a byte order mark', '\ufeff{ __schema { types { name } } }'],
    ['under a mutation', 'mutation { __schema { types { name } } }'],
    ['by another name for a fragment', '{ ...__schema } fragment __schema on Query { __schema { types { name } } }'],
    ['by the usual name', 'query IntrospectionQuery { __schema { queryType { name } } }'],
  ])('does not tell it %s', async (_name, query) => {
    const answer = await ask({ query, operationName: query.startsWith('query A') ? 'A' : undefined });
    expect([answer.status, verdictOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(answer.body).not.toMatch(/types|Account|introspection/i);
  });

  const wrong = [
    '{ requestPasswordRest }',
    '{ passwordResetKey }',
    '{ passwordResetKey { __typename } }',
    '{ passwordResetKey(kye: "x") { __typename } }',
    '{ passwordResetKey(key: 5) { __typename } }',
    '{ passwordPolicy }',
    '{ passwordPolicy { minLenght } }',
    '{ passwordPolicy { minLength { a } } }',
    '{ me { __typename pasword } }',
    '{ me { ... on SignedIn { accessToken } } }',
    '{ me { ... on Nothing { accessToken } } }',
    'mutation { signIn(input: { emial: "x", password: "x" }) { __typename } }',
    'mutation { signIn(input: { email: "x" }) { __typename } }',
    'mutation { signIn(input: SIGN) { __typename } }',
    'mutation { signIn(input: { email: "x", password: "x" }) { accessTokn } }',
    'mutation { signIn(input: { email: "x", password: "x" }) { ... on SignedUp { __typename } } }',
    'mutation($input: SignInInpt!) { signIn(input: $input) { __typename } }',
    'mutation($input: SignUpInput!) { signIn(input: $input) { __typename } }',
    'query($a: String) { passwordResetKey(key: $a) { __typename } }',
    'query($a: Int = "x") { me @skip(if: $a) { id } }',
    '{ me @skp(if: true) { id } }',
  ];

  // Shows: V-38, G-11
  it('answers every document that does not fit in the same words', async () => {
    const answers = await Promise.all(wrong.map(async (query) => withoutId(await ask({ query }))));
    expect([...new Set(answers)]).toEqual([
      '{"errors":[{"message":"The operation does not fit the schema.","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}\n',
    ]);
  });

  // Shows: V-38, G-11
  it('tells no name that is there from one that is not', async () => {
    const there = ['me', 'passwordPolicy', 'passwordResetKey'];
    const parts = [
      'account',
      'user',
      'users',
      'password',
      'reset',
      'key',
      'token',
      'session',
      'admin',
      'policy',
      'email',
    ];
    const words = [
      ...parts,
      ...parts.flatMap((one) => parts.map((other) => `${one}${other[0]?.toUpperCase()}${other.slice(1)}`)),
    ];
    const answers = new Set<string>();
    for (const word of [...there, ...words]) answers.add(withoutId(await ask({ query: `{ ${word} }` })));
    expect(words.length).toBeGreaterThan(100);
    expect(answers.size).toBe(1);
  });

  // Shows: V-38, G-12
  it('gives no trace, whatever is asked for', async () => {
    const answer = await ask(
      { query: '{ passwordPolicy { minLength } }', extensions: { tracing: true, cacheControl: true } },
      {
        'apollo-federation-include-trace': 'ftv1',
        'x-apollo-tracing': '1',
        traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
      },
    );
    expect(JSON.parse(answer.body)).toEqual({ data: { passwordPolicy: { minLength: 15 } } });
  });

  it('says that a document is too large, and not that it is wrong', async () => {
    const answer = await ask({ query: `{ ${'__typename '.repeat(500)} }` });
    expect(JSON.parse(answer.body).errors[0].message).toBe('The document is too large.');
  });

  // Shows: V-38, G-12
  it('says nothing of a fault of its own but its number', async () => {
    await latchkey.database.query('alter table account rename column email to canary');
    try {
      const email = 'nobody@example.com';
      const answer = await ask({
        query: `mutation { signIn(input: { email: "${email}", password: "x" }) { __typename } }`,
      });
      const { requestId } = JSON.parse(answer.body).errors[0].extensions;
      expect(JSON.parse(answer.body)).toMatchObject({
        errors: [{ message: 'Internal server error', path: ['signIn'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
        data: null,
      });
      expect(answer.headers['x-request-id']).toBe(requestId);
      expect(answer.body).not.toMatch(/canary|select|accounts?\b|\.[jt]s/i);
      expect(latchkey.logged()).toContain(`"requestId":"${requestId}","fault"`);
      expect(latchkey.logged()).not.toContain(email);
    } finally {
      await latchkey.database.query('alter table account rename column canary to email');
    }
  });
});
