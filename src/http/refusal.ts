import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyReply } from 'fastify';
import { type ForPeople, isPerson, pageForPeople, sendToPerson, type Words } from './page-for-people.js';

/**
 * Refuses a request in the shape of a GraphQL error, also where GraphQL was not reached, so that clients read every
 * failure in the same way. A browser that asks for HTML gets a page instead, which says it in the person's language.
 *
 * @param message fixed text of ours, without input.
 */
export function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  const { request, server } = reply;
  const answer = reply.code(status);
  if (server.forPeople && isPerson(request)) {
    return sendToPerson(answer, server.forPeople, wordsFor(status), request.id);
  }
  const errors = [{ message, extensions: { code, requestId: request.id } }];
  return answer.type('application/json; charset=utf-8').send({ errors });
}

/** A link that was cut short or respelt on its way is what leads people to any of these. */
function wordsFor(status: number): Words {
  return ({ page, site }) => {
    const texts = [site['from-mail']];
    if (status === 404) return { title: site['not-found-title'], texts: [site['not-found'], ...texts] };
    return { title: status < 500 ? page.refused : status === 503 ? page.unavailable : page.failed, texts };
  };
}

/** Answers on the socket when the HTTP parser could not read a request or did not get all of it in time. */
export function refuseOnSocket(
  error: ConnectionError,
  socket: Socket,
  headers: Readonly<Record<string, string>>,
  forPeople: ForPeople | undefined,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code] ?? 400;
  const packet = String(error.rawPacket ?? '');
  const page = forPeople && /^accept:[^\n]*text\/html/im.test(packet) ? pageOn(packet, forPeople, status) : undefined;
  const errors = [{ message: 'The request cannot be read.', extensions: { code: 'BAD_REQUEST' } }];
  const body = page ?? JSON.stringify({ errors });
  const lines = Object.entries({
    ...headers,
    'content-type': `${page === undefined ? 'application/json' : 'text/html'}; charset=utf-8`,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroy(error);
}

function pageOn(packet: string, forPeople: ForPeople, status: number): string {
  const { catalogues } = forPeople;
  const accepted = /^accept-language:([^\r\n]*)/im.exec(packet)?.[1];
  return pageForPeople(catalogues.accepted(accepted) ?? catalogues.defaultLanguage, forPeople, wordsFor(status));
}
