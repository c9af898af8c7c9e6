import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyReply } from 'fastify';
import { isPerson, pageForPeople, sendToPerson } from './page-for-people.js';

const hint =
  'If a link from a mail led you here, part of it may be missing: open it from the mail again, or copy all of it.';

/**
 * Refuses a request in the shape of a GraphQL error, also where GraphQL was not reached, so that clients read every
 * failure in the same way. A browser that asks for HTML gets a page instead.
 *
 * @param message fixed text of ours; it must not contain input, because it is put into HTML as it is.
 */
export function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  const { request } = reply;
  const answer = reply.code(status);
  if (isPerson(request)) return sendToPerson(answer, message, [hint, `<small>Request ${request.id}</small>`]);
  const errors = [{ message, extensions: { code, requestId: request.id } }];
  return answer.type('application/json; charset=utf-8').send({ errors });
}

/** Answers on the socket when the HTTP parser could not read a request or did not get all of it in time. */
export function refuseOnSocket(
  error: ConnectionError,
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code] ?? 400;
  const message = 'The request cannot be read.';
  const isPage = /^accept:[^\n]*text\/html/im.test(String(error.rawPacket ?? ''));
  const json = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
  const body = isPage ? pageForPeople(message, [hint]) : json;
  const lines = Object.entries({
    ...headers,
    'content-type': `${isPage ? 'text/html' : 'application/json'}; charset=utf-8`,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroy(error);
}
