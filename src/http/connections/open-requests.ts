import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { TrustedHops } from '../trusted-hops.js';
import { Connections } from './connections.js';
import { readInSlices } from './slices.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes every connection and request of a server pass `Connections` before whoever answers it. Every kind of request:
 * those that expect something (RFC 9110, 10.1.1) too, which Node hands over by other events.
 *
 * @param server that has its listeners for requests already, as fastify's has; those that come later only listen.
 */
export function trackOpenRequests(server: Server, hops = new TrustedHops([])): Connections {
  const connections = new Connections(hops);
  server.on('connection', (socket) => {
    connections.open(socket);
    readInSlices(socket);
  });
  const answers = server.listeners('request') as Answer[];
  server.removeAllListeners('request');
  const answer: Answer = (request, response) => {
    for (const each of answers) each.call(server, request, response);
  };
  const answerInTurn: Answer = (request, response) => {
    if (connections.admit(request, response)) answer(request, response);
  };
  server.on('request', answerInTurn);
  // An expectation that we do not know may be ignored; Node's own refusal has no headers.
  server.on('checkExpectation', answerInTurn);
  server.on('checkContinue', (request, response) => {
    if (!connections.admit(request, response)) return;
    response.writeContinue();
    answer(request, response);
  });
  return connections;
}
