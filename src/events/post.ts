import { type Agent as HttpAgent, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { Message } from './webhook.js';

/** Milliseconds for a whole attempt: name, connection, TLS, request, answer. */
export const postTimeout = 15_000;
/** What is read of an answer, and for how long after its head, so that the connection can be used again. */
const rest = { bytes: 65_536, ms: 2_000 } as const;

/** The status of the answer, or the code of the fault: `TIMEOUT`, or that of Node (`ECONNREFUSED`, `CERT_HAS_EXPIRED`). */
export type Posted =
  | { readonly kind: 'Answered'; readonly status: number }
  | { readonly kind: 'Failed'; readonly code: string };

/**
 * Sends one POST. Follows no redirect, uses no proxy (`agent` has none), and drops what the answer holds: its status
 * alone counts. Never rejects.
 *
 * @param timeoutMs for everything together.
 */
export function post(
  url: string,
  { headers, body }: Message,
  agent: HttpAgent,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Posted> {
  const { promise, resolve } = Promise.withResolvers<Posted>();
  const fail = (error: NodeJS.ErrnoException) => resolve({ kind: 'Failed', code: error.code ?? error.name });
  const length = String(Buffer.byteLength(body));
  const request = (url.startsWith('https:') ? overHttps : overHttp)(url, {
    method: 'POST',
    agent,
    signal,
    headers: { ...headers, 'content-length': length, 'user-agent': 'latchkey' },
  });
  const timer = setTimeout(() => {
    resolve({ kind: 'Failed', code: 'TIMEOUT' });
    request.destroy();
  }, timeoutMs);
  request.on('error', fail);
  request.on('response', (response) => {
    const answered = () => resolve({ kind: 'Answered', status: response.statusCode ?? 0 });
    const enough = setTimeout(() => response.destroy(), rest.ms);
    let read = 0;
    response.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > rest.bytes) response.destroy();
    });
    response.on('error', () => undefined);
    response.on('close', () => {
      clearTimeout(enough);
      answered();
    });
  });
  request.end(body);
  return promise.finally(() => clearTimeout(timer));
}
