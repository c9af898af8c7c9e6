import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApollo } from '../../src/graphql/apollo.js';
import { createServer, serverTimeouts } from '../../src/http/server.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';

let app: FastifyInstance;
let port: number;
const lines: string[] = [];
beforeAll(async () => {
  const log = createLog('debug', 'test', { write: (line) => void lines.push(line) });
  const schema = buildSchema('type Query { slow: Int }');
  const apollo = createApollo(schema, { sandbox: false, introspection: false }, log);
  await apollo.start();
  const settings = { production: true, trustProxy: [], corsOrigins: [], sandbox: false, callsAtWork: 2 };
  app = await createServer(settings, apollo, log, new Metrics(), {
    ...serverTimeouts,
    headers: 300,
    request: 600,
    check: 50,
  });
  app.get('/fault', async () => {
    throw new TypeError('canary in a message');
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  port = Number(new URL(url).port);
});
afterAll(() => app.close());

/** What the server sends until it closes the connection, and after how many milliseconds it closes it. */
function talk(start: string, drip?: string): Promise<{ text: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const dripping = setInterval(() => drip && socket.writable && socket.write(drip), 50);
    const giveUp = setTimeout(() => socket.destroy(new Error('the line stays open')), 10_000);
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code ? undefined : reject(error)));
    socket.on('close', () => {
      clearInterval(dripping);
      clearTimeout(giveUp);
      resolve({ text, ms: performance.now() - begun });
    });
    socket.write(start);
  });
}

const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('a slow client is cut off', () => {
  // Shows: G-14
  it.each([
    ['in its headers', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 'x'],
    ['in a body of a length', `${head}Content-Length: 1000\r\n\r\n{`, ' '],
    ['in a body without a length', `${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
    ['that says nothing more', `${head}Content-Length: 1000\r\n\r\n{`, undefined],
  ])('%s', async (_name, start, drip) => {
    const { text, ms } = await talk(start, drip);
    expect(ms).toBeLessThan(5_000);
    expect(text.split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout');
    expect(text).toContain('x-content-type-options: nosniff\r\n');
    expect(text).toContain('"code":"BAD_REQUEST"');
  });
});

it('answers an honest client meanwhile', async () => {
  const slow = talk(`${head}Content-Length: 1000\r\n\r\n{`, ' ');
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } });
  expect(answer.json()).toEqual({ data: { __typename: 'Query' } });
  await slow;
});

// Shows: G-14
it('cuts a body off that is longer than it says it will be read', async () => {
  const { text } = await talk(`${head}Content-Length: 100000000\r\n\r\n${' '.repeat(1_000)}`);
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
});

it('gives one answer to a request that is refused before its body, which never comes', async () => {
  const { text } = await talk('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 53\r\n\r\n');
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415']);
});

// Shows: G-12
it('says nothing of a fault but its number, and logs its name', async () => {
  const answer = await app.inject({ method: 'GET', url: '/fault' });
  const requestId = answer.headers['x-request-id'];
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toEqual({
    errors: [{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }],
  });
  const line = lines.find((each) => each.includes('a request failed')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ requestId, fault: { name: 'TypeError' } });
  expect(lines.join('')).not.toContain('canary');
});

it('logs a request by its route, never by its address', async () => {
  lines.length = 0;
  await app.inject({ method: 'GET', url: '/graphql?query=canary' });
  await app.inject({ method: 'GET', url: '/canary' });
  expect(lines.map((line) => JSON.parse(line).route)).toEqual(['/graphql', 'unknown']);
  expect(lines.join('')).not.toContain('canary');
});
