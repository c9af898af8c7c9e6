import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageTarget } from '../../src/password-reset/page-address.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const key = `${'canary'.repeat(7)}A`;
const spellings = [
  '/reset-password',
  '/reset-password/',
  '/reset-password//',
  `/reset-password%23key=${key}`,
  `/reset-password%23key%3D${key}`,
  `/reset-password%2523key%253D${key}`,
  `/reset-password/%23key=${key}`,
  `/reset-password%2F%23key=${key}`,
  `/reset-password&key=${key}`,
  `/reset-password;key=${key}`,
  `/reset-passwordkey=${key}`,
  `/reset-password/key/${key}`,
  `/reset-password%3Fkey=${key}`,
  `/reset-password%23key=${key}%zz`,
  `/reset-password?key=${key}`,
  `/reset-password/?utm_source=mail&key=${key}`,
  `/Reset-Password%23key=${key}`,
  `/RESET-PASSWORD?key=${key}`,
  `/reset%2Dpassword%23key=${key}`,
  '/reset-password%20',
  '/reset-password.',
  '/reset-password%3E',
  '/reset-password%E2%80%9D',
  '/reset-password)',
];

it.each(spellings)('answers %s with the page', (target) => {
  expect(pageTarget(target).split('?')[0]).toBe('/reset-password');
});

it.each([
  '/',
  '/graphql',
  '/reset-passwords',
  '/reset-password-2',
  '/reset-password/page-0123456789ab.css',
  '/reset-password/page-keykeykeykey.js',
  '/reset-password/.env',
  '/reset-password/keyboard',
  '/reset-password/a%23key=b',
  '/x/reset-password',
  '/reset-password/////',
])('leaves %s as it is', (target) => {
  expect(pageTarget(target)).toBe(target);
});

it('makes of every target itself or the page, with its own query, and never throws', () => {
  const part = fc.oneof(
    fc.constantFrom('/reset-password', '%23', '#', '%', '/', '?', 'key=', '%2523', '.'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const target = parts.join('');
      const query = target.includes('?') ? target.slice(target.indexOf('?')) : '';
      expect([target, `/reset-password${query}`]).toContain(pageTarget(target));
    }),
  );
});

describe('over HTTP', () => {
  let latchkey: TestLatchkey;
  beforeAll(async () => {
    latchkey = await startLatchkey({ env: { LOG_LEVEL: 'trace' }, withoutWorker: true });
  });
  afterAll(() => latchkey.close());
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  // Shows, V-26
  it('every spelling is the page, never told or indexed, and kept only under its own path; no log line and no metric holds the key', async () => {
    for (const target of spellings) {
      const answer = await fetch(`${latchkey.url}${target}`, { headers: browser, redirect: 'manual' });
      expect([answer.status, answer.headers.get('content-type')], target).toEqual([200, 'text/html; charset=utf-8']);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'cache-control': target === '/reset-password' ? 'no-cache' : 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex',
        'content-security-policy': expect.stringContaining("script-src 'self'"),
      });
      const text = await answer.text();
      expect(text).not.toContain('canary');
      expect(text).toContain('<meta name="robots" content="noindex">');
      const script = /<script type="module" src="([^"]+)"/.exec(text)?.[1] ?? '';
      expect((await fetch(new URL(script, answer.url), { method: 'HEAD' })).status, target).toBe(200);
      expect((await fetch(`${latchkey.url}${target}`, { method: 'HEAD' })).status).toBe(200);
    }
    expect(latchkey.logged()).toContain('"route":"/reset-password"');
    expect(latchkey.logged()).not.toContain('canary');
    expect((await latchkey.services.metrics.text()).body).not.toContain('canary');
  });

  it.each<[string, string, number, object?]>([
    ['GET', `/nothing/${key}`, 404],
    ['GET', '/reset-password/missing.js', 404],
    ['POST', '/reset-password', 404],
    ['GET', '/graphql', 200],
    ['GET', `/graphql?query=${key}`, 405],
    ['GET', '/%zz', 400],
    ['GET', '/livez', 400, { host: 'a b' }],
    ['GET', '/reset-password', 415, { 'content-encoding': 'gzip' }],
  ])('people who ask for HTML never meet JSON: %s %s is %i', async (method, target, status, more) => {
    const { request } = await import('node:http');
    const { headers, text, code } = await new Promise<{ headers: object; text: string; code?: number }>(
      (done, fail) => {
        const sent = request(latchkey.url, { method, path: target, headers: { ...browser, ...more } }, (answer) => {
          let text = '';
          answer.on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => done({ headers: answer.headers, text, code: answer.statusCode }));
        });
        sent.on('error', fail).end();
      },
    );
    expect(code).toBe(status);
    expect(headers).toMatchObject({ 'content-type': expect.stringMatching(/^text\/html/), 'x-robots-tag': 'noindex' });
    expect(text).toMatch(/^\s*<!doctype html>/i);
    expect(text).not.toContain('canary');
    if (status !== 200) expect(text).toContain('href="http://localhost:4000/reset-password"');
  });

  it('programs get JSON as ever', async () => {
    const calls = [fetch(`${latchkey.url}/nothing`), latchkey.post('{', { accept: 'text/html, application/json' })];
    for (const answer of await Promise.all(calls)) {
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });
});
