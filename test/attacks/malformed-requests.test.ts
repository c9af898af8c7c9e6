import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import {
  canary,
  canaryInputs,
  canaryPassword,
  documents,
  json,
  type Mutation,
  type Request,
  send,
  stateOf,
  tracesOf,
  verdictOf,
} from './attack.js';

let latchkey: TestLatchkey;
let untouched: object;
beforeAll(async () => {
  latchkey = await startLatchkey({ env: { INTROSPECTION: 'off', SANDBOX: 'off' }, withoutWorker: true });
  await latchkey.signUp('alice@example.com', 'the password of alice');
  untouched = await stateOf(latchkey);
});
afterAll(() => latchkey.close());

let readUpTo = 0;
/** Sends the request, and checks that it changed nothing and that its values are in no output. */
async function attempt(request: Request) {
  const answer = await send(latchkey.url, request);
  const logged = latchkey.logged();
  expect(tracesOf(answer.body + JSON.stringify(answer.headers)), answer.body).toEqual([]);
  const news = logged.slice(readUpTo);
  readUpTo = logged.length;
  expect(tracesOf(news)).toEqual([]);
  const before = untouched;
  untouched = await stateOf(latchkey);
  expect(untouched).toEqual(before);
  return answer;
}

const post = (body: unknown): Request => ({ headers: json, body: JSON.stringify(body) });
const call = (mutation: Mutation, input: unknown) => post({ query: documents[mutation], variables: { input } });
const legal = JSON.stringify({
  query: documents.requestPasswordReset,
  variables: { input: { email: 'canary-7f3a91d2c4e8@example.com' } },
});

it('sees a change and a trace where there is one', async () => {
  const other = await startLatchkey({ withoutWorker: true });
  try {
    const before = await stateOf(other);
    const answer = await send(other.url, { headers: json, body: legal });
    expect(verdictOf(answer)).toBe('PasswordResetRequested');
    expect(await stateOf(other)).not.toEqual(before);
  } finally {
    await other.close();
  }
});

const fields = canaryInputs.flatMap(([mutation, input]) =>
  Object.keys(input).map((field) => ({ mutation, input, field })),
);
const wrongValues: [string, unknown][] = [
  ['absent', undefined],
  ['null', null],
  ['a number', 736_353],
  ['a huge number', Number.MAX_VALUE],
  ['true', true],
  ['a list', [canary]],
  ['an empty list', []],
  ['two addresses', ['alice@example.com', `${canary}@example.com`]],
  ['an object', { value: canary }],
  ['an operator', { $ne: canary }],
  ['an object that says it is text', { toString: canary, length: 3 }],
];

describe.each(fields)('$mutation with a wrong $field', ({ mutation, input, field }) => {
  // Shows: V-02, V-10, V-37, G-20, G-21
  it.each(wrongValues)('refuses %s', async (_name, value) => {
    const answer = await attempt(call(mutation, { ...input, [field]: value }));
    expect(answer.status).toBe(400);
    expect(verdictOf(answer)).toBe('BAD_USER_INPUT');
  });
});

describe.each(canaryInputs)('%s', (mutation, input) => {
  // Shows: V-04, V-49, G-21
  it.each([
    ['absent', undefined],
    ['null', null],
    ['text', canary],
    ['a number', 5],
    ['a list of two', [input, input]],
    ['empty', {}],
    ['given a redirect', { ...input, redirectUrl: `https://${canary}.example` }],
    ['given a host', { ...input, host: canary }],
    ['given an unknown field', { ...input, [canary]: canary }],
    ['given a constructor', { ...input, constructor: canary }],
    ['given a toString', { ...input, toString: canary }],
  ])('refuses input that is %s', async (_name, value) => {
    const answer = await attempt(call(mutation, value));
    expect([answer.status, verdictOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
  });

  // Shows: V-49
  it.each([
    ['__proto__ in the input', `{"query":"QUERY","variables":{"input":{"__proto__":INPUT}}}`],
    ['__proto__ in the variables', `{"query":"QUERY","variables":{"__proto__":{"input":INPUT}}}`],
    ['__proto__ in the body', `{"query":"QUERY","__proto__":{"variables":{"input":INPUT}}}`],
    ['escaped __proto__', `{"query":"QUERY","variables":{"\\u005f_proto__":{"input":INPUT}}}`],
    ['constructor.prototype', `{"query":"QUERY","variables":{"constructor":{"prototype":{"input":INPUT}}}}`],
  ])('refuses %s', async (_name, template) => {
    const body = template.replace('QUERY', documents[mutation]).replace('INPUT', JSON.stringify(input));
    const answer = await attempt({ headers: json, body });
    expect([answer.status, verdictOf(answer)]).toEqual([400, 'BAD_REQUEST']);
  });
});

const texts: [string, string][] = [
  ['empty', ''],
  ['blank', '   '],
  ['a lone surrogate', `${canary}\ud800`],
  ['surrogates in the wrong order', `\udfff\ud800${canary}`],
  ['NUL', `\0${canary}\0`],
  ['line ends', `${canary}\r\nBcc: x@example.com`],
  ['ten thousand characters', canary.padEnd(10_000, 'x')],
  ['a byte order mark', `\ufeff${canary}`],
  ['a right-to-left override', `\u202e${canary}`],
];
const key = 'A'.repeat(43);
describe.each(texts)('%s', (_name, text) => {
  // Shows: V-37, G-20
  it.each<[string, Mutation, Record<string, string>, string]>([
    ['as an address', 'requestPasswordReset', { email: text }, 'InvalidEmailAddress'],
    ['before an address', 'requestPasswordReset', { email: `${text}"@example.com` }, 'InvalidEmailAddress'],
    ['as an address to sign up with', 'signUp', { email: text, password: canaryPassword }, 'InvalidEmailAddress'],
    ['as an address to sign in with', 'signIn', { email: text, password: canaryPassword }, 'InvalidCredentials'],
    ['as a password to sign in with', 'signIn', { email: 'alice@example.com', password: text }, 'InvalidCredentials'],
    ['as a key', 'resetPassword', { key: text, password: 'a quite new password' }, 'InvalidResetKey'],
    ['around a key', 'resetPassword', { key: `${key}${text || ' '}`, password: canaryPassword }, 'InvalidResetKey'],
    [
      'as the current password',
      'changePassword',
      { currentPassword: text, newPassword: canaryPassword },
      'Unauthenticated',
    ],
  ])('is refused %s', async (_place, mutation, input, verdict) => {
    const answer = await attempt(call(mutation, input));
    expect([answer.status, verdictOf(answer)]).toEqual([200, verdict]);
  });

  it('is refused as a new password', async () => {
    const answer = await attempt(call('resetPassword', { key, password: text }));
    expect(answer.status).toBe(200);
    expect(['PasswordRejected', 'InvalidResetKey']).toContain(verdictOf(answer));
  });
});

it.each([
  [
    'as the locale',
    post({ query: documents.signIn, variables: { input: { email: 'a@example.com', locale: canary } } }),
  ],
  [
    'as an access token',
    { ...call('changePassword', { currentPassword: canaryPassword, newPassword: canaryPassword }) },
  ],
])('keeps a value to itself that comes %s', async (_name, request) => {
  const headers = { ...request.headers, authorization: `Bearer ${canary.replaceAll(/[^\w-]/g, '')}` };
  const answer = await attempt({ ...request, headers });
  expect(['BAD_USER_INPUT', 'Unauthenticated']).toContain(verdictOf(answer));
});

// Shows: V-37, G-20
it('says what is wrong with a value of another language without the value', async () => {
  const email = JSON.stringify(canary);
  for (const literal of [`[${email}]`, '736353', `{ value: ${email} }`, 'null', 'true', 'canary_7f3a91d2c4e8']) {
    const query = `mutation { requestPasswordReset(input: { email: ${literal} }) { __typename } }`;
    const answer = await attempt(post({ query }));
    expect([answer.status, verdictOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  }
});

const query = documents.requestPasswordReset;
it.each<[string, unknown, string]>([
  ['null for a variable with a default', '($key: String = "x") { passwordResetKey(key: $key) { __typename } }', 'key'],
  ['null for a directive', '($key: Boolean = true) { me @include(if: $key) { id } }', 'key'],
])('calls it the input that is wrong: %s', async (_name, text, variable) => {
  const answer = await attempt(post({ query: `query${text}`, variables: { [variable]: null } }));
  expect([answer.status, verdictOf(answer)]).toEqual([200, 'BAD_USER_INPUT']);
  expect(latchkey.logged()).not.toContain('a resolver failed');
});

const encode = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding);
// Shows: V-20, G-03, G-06, G-12, G-14, G-15
it.each<[string, string | Uint8Array, number]>([
  ['nothing', '', 400],
  ['white space', ' \n', 400],
  ['a truncated object', legal.slice(0, -3), 400],
  ['a trailing comma', legal.replace(/}$/, ',}'), 400],
  ['single quotes', legal.replaceAll('"', "'"), 400],
  ['a comment', `/* ${canary} */${legal}`, 400],
  ['two objects', legal + legal, 400],
  ['NaN', `{"query":NaN,"x":${JSON.stringify(canary)}}`, 400],
  ['a raw line end in a text', legal.replace('canary', 'canary\n'), 400],
  ['NUL', `${legal}\0`, 400],
  ['null', 'null', 400],
  ['true', 'true', 400],
  ['a number', '736353', 400],
  ['a text', JSON.stringify(canary), 400],
  ['an empty object', '{}', 400],
  ['an empty list', '[]', 400],
  [
    'a byte that is not UTF-8',
    Buffer.concat([encode(legal.slice(0, -6), 'utf8'), encode('ff', 'hex'), encode('"}}}', 'utf8')]),
    400,
  ],
  [
    'an overlong form',
    Buffer.concat([encode(legal.slice(0, -6), 'utf8'), encode('c0af', 'hex'), encode('"}}}', 'utf8')]),
    400,
  ],
  [
    'a surrogate in UTF-8',
    Buffer.concat([encode(legal.slice(0, -6), 'utf8'), encode('eda080', 'hex'), encode('"}}}', 'utf8')]),
    400,
  ],
  ['Latin-1', encode(legal.replace('example', 'exämple'), 'latin1'), 400],
  ['UTF-16', encode(legal, 'utf16le'), 400],
  ['two byte order marks', `\ufeff\ufeff${legal}`, 400],
  ['a batch of none', '[]', 400],
  ['a batch of one', `[${legal}]`, 400],
  ['a batch of two', `[${legal},${legal}]`, 400],
  ['a batch of ten', `[${Array(10).fill(legal)}]`, 400],
  ['a batch of a thousand', `[${Array(1000).fill(legal)}]`, 413],
  ['100 KB', JSON.stringify({ query, variables: { input: { email: canary.repeat(4000) } } }), 413],
  [
    'a text of 100 KB in a variable that nothing uses',
    JSON.stringify({ query: '{__typename}', variables: { x: canary.repeat(4000) } }),
    413,
  ],
  [
    '100,000 variables',
    `{"query":"{__typename}","variables":{${Array.from({ length: 20_000 }, (_, i) => `"v${i}":1`)}}}`,
    413,
  ],
  ['lists 9,000 deep', `{"query":"${query}","variables":{"input":${'['.repeat(9000)}${']'.repeat(9000)}}}`, 413],
  [
    'lists 7,000 deep',
    `{"query":"${query}","variables":{"input":{"email":${'['.repeat(7000)}${']'.repeat(7000)}}}}`,
    400,
  ],
  ['objects 2,000 deep', `{"query":"${query}","variables":{"input":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}}}`, 400],
])('refuses a body of %s', async (_name, body, status) => {
  const answer = await attempt({ headers: json, body });
  expect(answer.status).toBe(status);
});

// Shows: G-16, G-19
it.each<[string, unknown]>([
  ['query as an object', { query: { kind: 'Document', text: canary } }],
  ['query as a list', { query: [query] }],
  ['query as a number', { query: 736_353 }],
  ['an empty query', { query: '' }],
  ['no query', { variables: { input: { email: canary } } }],
  ['a blank query', { query: '   ' }],
  ['variables as text', { query, variables: JSON.stringify({ input: { email: canary } }) }],
  ['variables as a list', { query, variables: [{ input: { email: canary } }] }],
  ['variables as a number', { query, variables: 5 }],
  ['operationName as a number', { query, operationName: 5 }],
  ['operationName as a list', { query, operationName: [canary] }],
  ['a wrong operationName', { query: 'mutation A { signOutEverywhere { __typename } }', operationName: canary }],
  ['an empty name among two', { query: 'query A { __typename } query B { __typename }', operationName: '' }],
  ['a long name', { query: 'query A { __typename }', operationName: canary.repeat(300) }],
  ['two operations and no name', { query: 'query A { __typename } mutation B { signOutEverywhere { __typename } }' }],
  ['two operations of one name', { query: 'query A { __typename } query A { __typename }', operationName: 'A' }],
  ['a fragment alone', { query: 'fragment F on Query { __typename }' }],
  ['a schema definition', { query: 'type Query { a: Int }' }],
  ['extensions as text', { query, extensions: canary }],
  ['a persisted query by its hash', { extensions: { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } } }],
  [
    'a persisted query with a wrong hash',
    { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: canary } } },
  ],
  ['a persisted query of no shape', { query: '{ __typename }', extensions: { persistedQuery: [canary] } }],
])('refuses %s', async (_name, body) => {
  const answer = await attempt(post(body));
  expect(answer.status).toBe(400);
  expect(verdictOf(answer)).toMatch(/^(?:BAD_REQUEST|BAD_USER_INPUT|GRAPHQL_\w+|OPERATION_RESOLUTION_FAILURE)$/);
});

// Shows: G-16
it('tells a client of persisted queries to send the document', async () => {
  const answer = await attempt(post({ extensions: { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } } }));
  expect(answer.body).toContain('"message":"PersistedQueryNotSupported"');
});

const form = `query=${encodeURIComponent(query)}&variables=${encodeURIComponent(JSON.stringify({ input: { email: canary } }))}`;
const part = (name: string, text: string) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
const upload = `${part('operations', legal)}${part('map', '{}')}--x--\r\n`;
// Shows: G-09, G-17
it.each<[string, string | undefined, string]>([
  ['none', undefined, legal],
  ['an empty one', '', legal],
  ['a form', 'application/x-www-form-urlencoded', form],
  ['a form that holds JSON', 'application/x-www-form-urlencoded', legal],
  ['plain text', 'text/plain', legal],
  ['plain text in UTF-8', 'text/plain;charset=UTF-8', legal],
  ['plain text that says JSON', 'text/plain; application/json', legal],
  ['JSON that says plain text', 'application/json;text/plain', legal],
  ['JSON, then plain text', 'application/json, text/plain', legal],
  ['text/json', 'text/json', legal],
  ['application/graphql', 'application/graphql', query],
  ['an upload', 'multipart/form-data; boundary=x', upload],
  ['an upload in upper case', 'MULTIPART/FORM-DATA; boundary=x', upload],
  ['UTF-16', 'application/json; charset=utf-16', legal],
  ['UTF-7', 'application/json; charset=utf-7', legal],
  ['Latin-1', 'application/json; charset=iso-8859-1', legal],
  ['two charsets', 'application/json; charset=utf-8; charset=utf-7', legal],
  ['a longer name', 'application/jsonp', legal],
  ['a JSON dialect', 'application/ld+json', legal],
  ['two types in one header', 'text/plain\t,application/json', legal],
])('refuses content-type: %s', async (_name, type, body) => {
  const answer = await attempt({ headers: type === undefined ? {} : { 'content-type': type }, body });
  expect(answer.status).toBe(415);
});

it.each([
  'application/json',
  'APPLICATION/JSON',
  'application/json; charset=utf-8',
  'application/json;charset="UTF-8"',
])('reads content-type: %s', async (type) => {
  const answer = await attempt({ headers: { 'content-type': type }, body: '{"query":"{ __typename }"}' });
  expect(answer.status).toBe(200);
});

// Shows: G-14
it.each(['gzip', 'deflate', 'br', 'identity', canary.slice(0, 19)])(
  'refuses content-encoding: %s',
  async (encoding) => {
    const body = gzipSync(legal.padEnd(1_000_000, ' '));
    const answer = await attempt({ headers: { ...json, 'content-encoding': encoding }, body });
    expect(answer.status).toBe(415);
  },
);

// Shows: G-14
it('cuts a body without a length off at the limit', async () => {
  const body = [legal.slice(0, -1), ...Array<string>(100).fill(' '.repeat(1024)), '}'];
  const answer = await attempt({ headers: json, body });
  expect(answer.status).toBe(413);
});

it('refuses before it runs what it could not answer', async () => {
  for (const accept of [
    'image/png',
    'text/html',
    'multipart/mixed; deferSpec=20220824',
    'application/json;q=0',
    canary.slice(0, 9),
  ]) {
    const answer = await attempt({ headers: { ...json, accept }, body: legal });
    expect([accept, answer.status]).toEqual([accept, 406]);
  }
});

const search = `?${form}`;
// Shows: R-07, G-08
it.each<[string, Request]>([
  ['GET with a mutation', { method: 'GET', path: `/graphql${search}` }],
  ['GET with a query', { method: 'GET', path: '/graphql?query={__typename}' }],
  [
    'GET with the headers against forgery',
    { method: 'GET', path: `/graphql${search}`, headers: { ...json, 'apollo-require-preflight': '1' } },
  ],
  ['GET with a body', { method: 'GET', headers: json, body: legal }],
  ['GET for a page', { method: 'GET', path: `/graphql${search}`, headers: { accept: 'text/html' } }],
  ['HEAD', { method: 'HEAD', path: `/graphql${search}` }],
  ['PUT', { method: 'PUT', headers: json, body: legal }],
  ['PATCH', { method: 'PATCH', headers: json, body: legal }],
  ['DELETE', { method: 'DELETE', headers: json, body: legal }],
  [
    'GET that says POST',
    { method: 'GET', path: `/graphql${search}&_method=POST`, headers: { 'x-http-method-override': 'POST' } },
  ],
])('refuses %s', async (_name, request) => {
  const answer = await attempt(request);
  expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
});

it.each<[string, Request]>([
  ['another path', { headers: json, body: legal, path: `/graphql/${encodeURIComponent(canary)}` }],
  ['another spelling', { headers: json, body: legal, path: '/GraphQL' }],
  ['a trailing slash', { headers: json, body: legal, path: '/graphql/' }],
  ['an unknown method', { method: 'PROPFIND', path: '/graphql' }],
  ['a page that is not there', { method: 'GET', path: `/${encodeURIComponent(canary)}` }],
])('has nothing at %s', async (_name, request) => {
  expect((await attempt(request)).status).toBe(404);
});

// Shows: V-49
it('reads nothing of a query string', async () => {
  const answer = await attempt({ headers: json, path: `/graphql${search}`, body: '{"query":"{ __typename }"}' });
  expect(JSON.parse(answer.body)).toEqual({ data: { __typename: 'Query' } });
  expect((await attempt({ headers: json, path: `/graphql${search}`, body: '{}' })).status).toBe(400);
});

// Shows: V-49
it('takes the last of duplicate keys, once', async () => {
  const twice = legal.replace(/}$/, ',"query":"{ __typename }"}');
  expect(JSON.parse((await attempt({ headers: json, body: twice })).body)).toEqual({ data: { __typename: 'Query' } });
  const addresses = legal.replace('"email":', '"email":"alice@example.com","email":[],"x":');
  expect((await attempt({ headers: json, body: addresses })).status).toBe(400);
});

it.each([
  ['a space', 'a b'],
  ['an at sign', 'a@b'],
  ['a path', 'a/b'],
  ['a broken address', '[::::]'],
  ['a quote', 'a"b'],
  ['markup', '<script>'],
  ['300 characters', 'a'.repeat(300)],
])('refuses a Host of %s', async (_name, host) => {
  const answer = await attempt({ headers: { ...json, host }, body: legal });
  expect([answer.status, verdictOf(answer)]).toEqual([400, 'BAD_REQUEST']);
});

it.each(['999.999.999.999', 'a..b', 'xn--a', '[::1]:4000', 'localhost:99999', 'example.com.'])(
  'does not stumble over the Host %s',
  async (host) => {
    const answer = await attempt({ headers: { ...json, host }, body: '{"query":"{ __typename }"}' });
    expect(answer.status).toBe(200);
  },
);
