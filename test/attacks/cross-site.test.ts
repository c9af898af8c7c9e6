import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { documents, json, type Request, send, sendRaw, stateOf } from './attack.js';

const app = 'https://app.example';
const production = {
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://recover.example.com',
  SIGN_UP: 'closed',
  MAIL_FROM: 'Acme <no-reply@acme.example>',
  PRODUCT_NAME: 'Acme',
};
const body = JSON.stringify({
  query: documents.requestPasswordReset,
  variables: { input: { email: 'alice@example.com' } },
});
const preflight = (origin: string): Request => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
});
const grants = (headers: Readonly<Record<string, string>>) => [
  headers['access-control-allow-origin'],
  headers['access-control-allow-credentials'],
];

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({
    env: { ...production, CORS_ORIGINS: `${app}, https://*.preview.acme.example, capacitor://localhost` },
    withoutWorker: true,
  });
  await latchkey.signIn('nobody@example.com', 'any password');
});
afterAll(() => latchkey.close());

it('lets a configured origin call, without cookies', async () => {
  const asked = await send(latchkey.url, preflight(app));
  expect(asked.status).toBe(204);
  expect(grants(asked.headers)).toEqual([app, undefined]);
  expect(asked.headers['access-control-allow-methods']).toBe('POST');
  expect(asked.headers['access-control-allow-headers']).toBe('content-type');

  const answer = await send(latchkey.url, { headers: { ...json, origin: app }, body: '{"query":"{ __typename }"}' });
  expect([answer.status, ...grants(answer.headers)]).toEqual([200, app, undefined]);
  expect(answer.headers.vary).toContain('Origin');
});

it.each(['https://a.preview.acme.example', 'https://pr-12_x.preview.acme.example', 'capacitor://localhost'])(
  'lets %s call, with every header that it asks for',
  async (origin) => {
    const names = 'content-type,sentry-trace,baggage,apollographql-client-name,traceparent,x-any';
    const { headers, ...request } = preflight(origin);
    const asked = await send(latchkey.url, {
      ...request,
      headers: { ...headers, 'access-control-request-headers': names },
    });
    expect([asked.status, ...grants(asked.headers)]).toEqual([204, origin, undefined]);
    expect(asked.headers['access-control-allow-headers']).toBe(names);
    expect(asked.headers.vary).toMatch(/Origin/i);
    const answer = await send(latchkey.url, { headers: { ...json, origin }, body: '{"query":"{ __typename }"}' });
    expect([answer.status, ...grants(answer.headers)]).toEqual([200, origin, undefined]);
  },
);

// Shows: G-09
it.each([
  'https://evil.example',
  'https://preview.acme.example',
  'https://.preview.acme.example',
  'https://a.b.preview.acme.example',
  'https://a.preview.acme.example:8443',
  'http://a.preview.acme.example',
  'https://apreview.acme.example',
  'https://a.previewxacme.example',
  'https://evil.example/.preview.acme.example',
  'https://evil.example#.preview.acme.example',
  'https://a.preview.acme.example.evil.example',
  'capacitor://localhost.evil.example',
  'ionic://localhost',
  'http://localhost:3000',
  'https://app.example.evil.example',
  'https://evilapp.example',
  'http://app.example',
  'https://app.example:8443',
  'https://APP.example',
  'https://app.example/',
  'null',
  '*',
  'https://recover.example.com.evil.example',
])('grants nothing to %s', async (origin) => {
  expect(grants((await send(latchkey.url, preflight(origin))).headers)).toEqual([undefined, undefined]);
  const answer = await send(latchkey.url, { headers: { ...json, origin }, body: '{"query":"{ __typename }"}' });
  expect(grants(answer.headers)).toEqual([undefined, undefined]);
});

describe('a request that a foreign page can send without asking first', () => {
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
  // Shows: R-07, G-09
  it.each<[string, Request]>([
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }],
    ['an upload', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body }],
    ['plain text', { headers: { 'content-type': 'text/plain' }, body }],
    ['a beacon without a type', { headers: {}, body }],
    [
      'plain text that looks like JSON',
      { headers: { 'content-type': 'text/plain; charset=utf-8; x=application/json' }, body },
    ],
    [
      'a link',
      { method: 'GET', path: `/graphql?query=${encodeURIComponent('mutation { signOutEverywhere { __typename } }')}` },
    ],
    [
      'a link with a header against forgery',
      { method: 'GET', path: '/graphql?query={__typename}', headers: { 'x-apollo-operation-name': 'x' } },
    ],
  ])('does nothing: %s', async (_name, request) => {
    const before = await stateOf(latchkey);
    const answer = await send(latchkey.url, { ...request, headers: { ...foreign, ...request.headers } });
    expect([405, 415]).toContain(answer.status);
    expect(await stateOf(latchkey)).toEqual(before);
  });
});

describe('every answer carries the security headers', () => {
  const always = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'strict-transport-security': expect.stringMatching(/max-age=(?:3153[6-9]|[4-9])\d{3,}/),
  };
  const strict = {
    ...always,
    'cache-control': 'no-store',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  };
  it.each<[string, Request, number]>([
    ['data', { headers: json, body: '{"query":"{ __typename }"}' }, 200],
    ['a mutation', { headers: json, body }, 200],
    ['a document that does not fit', { headers: json, body: '{"query":"{ x }"}' }, 400],
    ['no JSON', { headers: json, body: '{' }, 400],
    ['a bad Host', { headers: { host: 'a b' } }, 400],
    ['a bad escape in the path', { method: 'GET', path: '/%zz' }, 400],
    ['nothing there', { method: 'GET', path: '/nothing' }, 404],
    ['GET', { method: 'GET' }, 405],
    ['an Accept that cannot be met', { headers: { ...json, accept: 'image/png' }, body }, 406],
    ['too large a body', { headers: json, body: ' '.repeat(20_000) }, 413],
    ['another content-type', { headers: { 'content-type': 'text/plain' }, body }, 415],
    ['a compressed body', { headers: { ...json, 'content-encoding': 'gzip' }, body }, 415],
    ['a preflight', preflight('https://evil.example'), 204],
    ['half a preflight', { method: 'OPTIONS' }, 400],
    ['liveness', { method: 'GET', path: '/livez' }, 200],
    ['readiness', { method: 'GET', path: '/readyz' }, 200],
  ])('%s', async (_name, request, status) => {
    const answer = await send(latchkey.url, request);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(strict);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['x-powered-by'] ?? answer.headers.server ?? answer.headers['set-cookie']).toBeUndefined();
  });

  it.each([
    ['what is not HTTP', 'GARBAGE canary-7f3a91d2c4e8\r\n\r\n', 400],
    ['a header line without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: canary-7f3a91d2c4e8\r\n\r\n', 400],
    ['no Host', 'POST /graphql HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an empty Host', 'POST /graphql HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400],
    ['two lengths', 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
    [
      'a length and chunks',
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'an unknown expectation',
      'GET /graphql HTTP/1.1\r\nHost: x\r\nExpect: canary-7f3a91d2c4e8\r\nConnection: close\r\n\r\n',
      405,
    ],
    ['two Hosts', 'GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['two Hosts that differ in case', 'GET /livez HTTP/1.1\r\nHost: a\r\nhOST: A\r\nConnection: close\r\n\r\n', 400],
    ['two Hosts, one empty', 'GET /livez HTTP/1.1\r\nHost:\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['two Hosts in HTTP/1.0', 'GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['a list of Hosts', 'GET /livez HTTP/1.1\r\nHost: a, b\r\nConnection: close\r\n\r\n', 400],
    ['another Host than the target', 'GET http://a/livez HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n', 400],
    ['a target with a user', 'GET http://b@a/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['too large a header', `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s', async (_name, text, status) => {
    const answer = await sendRaw(latchkey.url, text);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(strict);
    expect(JSON.stringify(answer)).not.toContain('canary');
    expect(JSON.parse(answer.body).errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  it.each([
    ['the target repeats', 'GET http://A:80/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['has an underscore', 'GET /livez HTTP/1.1\r\nHost: latchkey_api_1:4000\r\nConnection: close\r\n\r\n'],
    ['is an address', 'GET /livez HTTP/1.1\r\nHost: [::1]:4000\r\nConnection: close\r\n\r\n'],
  ])('and one Host is enough that %s', async (_name, text) => {
    const answer = await sendRaw(latchkey.url, text);
    expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}']);
  });

  it('the public keys, which may be kept', async () => {
    const answer = await send(latchkey.url, { method: 'GET', path: '/.well-known/jwks.json' });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'public, max-age=300']);
    expect(answer.headers).toMatchObject(always);
  });

  // Shows: R-22
  it('the page, with a policy of its own', async () => {
    const answer = await send(latchkey.url, { method: 'GET', path: '/reset-password' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ ...always, 'cache-control': 'no-cache' });
    const policy = answer.headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('never with a request id that the client chose', async () => {
    const given = { 'x-request-id': 'canary', 'request-id': 'canary' };
    const answer = await send(latchkey.url, { headers: { ...json, ...given }, body: '{"query":"{ x }"}' });
    expect(JSON.stringify(answer)).not.toContain('canary');
  });
});

describe('without configured origins', () => {
  let closed: TestLatchkey;
  beforeAll(async () => {
    closed = await startLatchkey({ env: production, withoutWorker: true });
  });
  afterAll(() => closed.close());

  it.each(['https://evil.example', 'https://studio.apollographql.com', 'https://recover.example.com', 'null'])(
    'grants nothing to %s',
    async (origin) => {
      const asked = await send(closed.url, preflight(origin));
      expect(asked.status).toBe(404);
      expect(Object.keys(asked.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    },
  );

  it('shows no Sandbox', async () => {
    const answer = await send(closed.url, { method: 'GET', headers: { accept: 'text/html' } });
    expect(answer.status).toBe(405);
  });
});

it('lets pages of this machine call in development, from any port', async () => {
  const open = await startLatchkey({ withoutWorker: true });
  try {
    for (const origin of ['http://localhost:5173', 'https://localhost', 'http://127.0.0.1:8080', 'http://[::1]:3000']) {
      expect(grants((await send(open.url, preflight(origin))).headers)).toEqual([origin, undefined]);
    }
    for (const origin of ['http://localhost.evil.example:5173', 'http://evil.example', 'null', 'http://localhost:x']) {
      expect(grants((await send(open.url, preflight(origin))).headers)).toEqual([undefined, undefined]);
    }
  } finally {
    await open.close();
  }
});

it('shows Sandbox where it is switched on, and nowhere in a frame', async () => {
  const open = await startLatchkey({ env: { SANDBOX: 'on' }, withoutWorker: true });
  try {
    const page = await send(open.url, { method: 'GET', headers: { accept: 'text/html,*/*' } });
    expect([page.status, page.headers['content-type']?.split(';')[0]]).toEqual([200, 'text/html']);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['strict-transport-security']).toBeUndefined();
    const query = await send(open.url, {
      method: 'GET',
      path: '/graphql?query={me{id}}',
      headers: { accept: 'text/html' },
    });
    expect(query.status).toBe(405);
  } finally {
    await open.close();
  }
});
