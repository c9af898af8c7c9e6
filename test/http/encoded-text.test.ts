import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseEncoding, type EncodedText, encoded, sendEncoded } from '../../src/http/encoded-text.js';

it.each<[string | undefined, string]>([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip, deflate', 'gzip'],
  ['BR', 'br'],
  ['x-gzip', 'gzip'],
  ['br;q=0.1, gzip;q=0.8', 'gzip'],
  ['br;q=0, *', 'gzip'],
  ['*', 'br'],
  ['*;q=0', 'identity'],
  ['identity, br;q=0.5', 'identity'],
  ['deflate, zstd', 'identity'],
  [',;q=,', 'identity'],
])('for %j chooses %s', (accept, encoding) => {
  expect(chooseEncoding(accept)).toBe(encoding);
});

it('chooses for every text without throwing', () => {
  const part = fc.oneof(fc.constantFrom('br', 'gzip', '*', 'q=', ';', ',', '0', '1', ' '), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      expect(['br', 'gzip', 'identity']).toContain(chooseEncoding(parts.join('')));
    }),
  );
});

describe('an answer', () => {
  const words = 'Choose a new password. '.repeat(50);
  let text: EncodedText;
  let app: FastifyInstance;
  beforeAll(async () => {
    text = await encoded(words);
    app = fastify();
    app.get('/', (_request, reply) => sendEncoded(reply.header('vary', 'Origin').type('text/plain'), text));
    await app.ready();
  });
  afterAll(() => app.close());
  const get = (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
    app.inject({ method, url: '/', headers });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
    ['identity', (bytes: Buffer) => bytes],
  ] as const)('in %s is the text, with its length and a tag of its own', async (encoding, decode) => {
    const { headers, rawPayload } = await get({ 'accept-encoding': encoding });
    expect(headers['content-encoding']).toBe(encoding === 'identity' ? undefined : encoding);
    expect(headers['content-length']).toBe(String(rawPayload.length));
    expect(headers.vary).toBe('Origin, Accept-Encoding');
    expect(decode(rawPayload).toString()).toBe(words);
    const others = Object.values(text).filter(({ etag }) => etag === headers.etag);
    expect(others).toHaveLength(1);
    const head = await get({ 'accept-encoding': encoding }, 'HEAD');
    expect([head.headers['content-length'], head.rawPayload.length]).toEqual([String(rawPayload.length), 0]);
  });

  it('is 304 without a body for who has just these bytes, however a proxy marked the tag', async () => {
    const { etag } = text.br;
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await get({ 'accept-encoding': 'br', 'if-none-match': tag });
      expect([answer.statusCode, answer.rawPayload.length, answer.headers.etag], tag).toEqual([304, 0, etag]);
      expect(answer.headers.vary).toBe('Origin, Accept-Encoding');
    }
    for (const tag of ['', '"x"', text.gzip.etag, etag.slice(1, -1)]) {
      expect((await get({ 'accept-encoding': 'br', 'if-none-match': tag })).statusCode, tag).toBe(200);
    }
  });
});
