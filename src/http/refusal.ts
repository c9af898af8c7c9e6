import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Where a page about a failure sends people, if there is such a place. */
    startOver: string | undefined;
  }
}

/**
 * Refuses a request in the shape of a GraphQL error, also where GraphQL was not reached, so that clients read every
 * failure in the same way. A browser that asks for HTML gets a page instead.
 *
 * @param message fixed text of ours; it must not contain input, because it is put into HTML as it is.
 */
export function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  const { request, server } = reply;
  const answer = reply.code(status);
  if (isPerson(request))
    return answer.type('text/html; charset=utf-8').send(pageOn(message, request.id, server.startOver));
  const errors = [{ message, extensions: { code, requestId: request.id } }];
  return answer.type('application/json; charset=utf-8').send({ errors });
}

function isPerson({ method, headers, originalUrl }: FastifyRequest): boolean {
  const isCall = method !== 'GET' && /^\/graphql\b/.test(originalUrl);
  return !isCall && /(?:^|,)\s*text\/html\b/i.test(headers.accept ?? '');
}

/** @param message fixed text of ours, without input. */
function pageOn(message: string, requestId: string | undefined, startOver: string | undefined): string {
  const link = startOver === undefined ? '' : `<p><a href="${escaped(startOver)}">Start again</a></p>`;
  const number = requestId === undefined ? '' : `<p><small>Request ${requestId}</small></p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>${message}</title></head>
<body><main><h1>${message}</h1>
<p>If a link from a mail led you here, part of it may be missing: open it from the mail again, or copy all of it.</p>
${link}${number}</main></body></html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
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
  const body = isPage ? pageOn(message, undefined, undefined) : json;
  const lines = Object.entries({
    ...headers,
    'content-type': `${isPage ? 'text/html' : 'application/json'}; charset=utf-8`,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroy(error);
}
