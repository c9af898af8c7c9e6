import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The last request of each connection: tells whether one whose body breaks off was answered already. */
export class LatestRequests {
  readonly #exchanges = new WeakMap<Socket, Exchange>();

  constructor(server: Server) {
    const note = (request: IncomingMessage, response: ServerResponse) => {
      this.#exchanges.set(request.socket, { request, response });
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.prependListener(event, note);
  }

  /** Whether the request that this connection is sending has an answer, so that it must not get a second one. */
  isAnswered(socket: Socket): boolean {
    const { request, response } = this.#exchanges.get(socket) ?? {};
    return request?.complete === false && response?.headersSent === true;
  }
}
