import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientNames } from '../client-ip.js';
import type { TrustedHops } from '../trusted-hops.js';
import { OriginTree } from './origin-tree.js';

export interface ConnectionBounds {
  /** Open connections of one server. */
  readonly all: number;
  /** Of one address (IPv6: /64) that is no trusted proxy. */
  readonly perClient: number;
}
/** Called when a bound is met, with the client whose new connection met it. */
export type TellOfBound = (bound: keyof ConnectionBounds, client: string) => void;

/**
 * Unanswered requests of one connection. Browsers and proxies send the next request after they have read the last
 * answer.
 */
const mostUnanswered = 8;
/** Bytes of answers that a connection has not taken yet; our longest answer is smaller. */
const mostUnread = 64 * 1024;

interface Connection {
  readonly socket: Socket;
  readonly client: string;
  readonly path: readonly string[];
  readonly isTrusted: boolean;
  readonly unanswered: Map<ServerResponse, IncomingMessage>;
  latest?: readonly [request: IncomingMessage, response: ServerResponse];
  /** When it was opened or its last answer ended, by `performance.now()` (milliseconds). */
  quietSince: number;
}

/**
 * The open connections of a server and the requests on them, for bounding them and for ending them on closing. When
 * there are too many, a connection that is waiting is ended, first one of the client that has most: waiting means that
 * the client has not sent its next request, has sent only a part of one, or has not read its answer. A connection whose
 * request is at work is never ended for another.
 */
export class Connections {
  readonly #bySocket = new Map<Socket, Connection>();
  readonly #strangers = new OriginTree<Connection>();
  readonly #trusted = new Set<Connection>();
  #unanswered = 0;
  #calls = 0;
  #bounds: ConnectionBounds = { all: Number.POSITIVE_INFINITY, perClient: Number.POSITIVE_INFINITY };
  #tell: TellOfBound = () => undefined;

  constructor(private readonly hops: TrustedHops) {}

  /** Sets the bounds from now on. Before, only the bounds inside one connection hold. */
  bound(bounds: ConnectionBounds, tell: TellOfBound): void {
    this.#bounds = bounds;
    this.#tell = tell;
  }

  get count(): number {
    return this.#bySocket.size;
  }

  /** Requests so far, without health checks, which come whether or not a balancer sends traffic here. */
  get calls(): number {
    return this.#calls;
  }

  /** Counts a new connection. If there are too many now, ends a waiting one, or this one if none waits. */
  open(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const { client, networks } = clientNames(address);
    const isTrusted = this.hops.trusts(address);
    const connection: Connection = {
      socket,
      client,
      path: [...networks, client],
      isTrusted,
      unanswered: new Map(),
      quietSince: performance.now(),
    };
    this.#bySocket.set(socket, connection);
    socket.once('close', () => this.#drop(connection));
    if (isTrusted) this.#trusted.add(connection);
    else {
      this.#strangers.add(connection.path, connection);
      const own = this.#strangers.of(connection.path);
      if (own.size > this.#bounds.perClient) {
        this.#tell('perClient', client);
        this.#end(oldestThatWaits(own) ?? connection);
      }
    }
    if (this.count > this.#bounds.all) {
      this.#tell('all', client);
      this.#end(this.#leastMissed() ?? connection);
    }
  }

  /** @returns whether the request may be answered; if not, its connection was ended and must not be read any more. */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const connection = this.#bySocket.get(socket);
    if (!connection) return false;
    const { unanswered } = connection;
    const isTooMuch =
      unanswered.size >= mostUnanswered ||
      (unanswered.size > 0 && (this.#unanswered >= this.#bounds.all || socket.writableLength > mostUnread));
    if (isTooMuch) {
      this.#end(connection);
      return false;
    }
    unanswered.set(response, request);
    connection.latest = [request, response];
    this.#unanswered++;
    if (!/^\/(?:livez|readyz)$/.test(request.url ?? '')) this.#calls++;
    this.#renew(connection);
    response.once('close', () => {
      if (unanswered.delete(response)) this.#unanswered--;
      connection.quietSince = performance.now();
      this.#renew(connection);
    });
    return true;
  }

  /**
   * Whether the request that this connection is still sending has its answer: a refusal need not wait for the body. If
   * the body breaks off then, a second answer would belong to no request.
   */
  isAnswered(socket: Socket): boolean {
    const [request, response] = this.#bySocket.get(socket)?.latest ?? [];
    return request?.complete === false && response?.headersSent === true;
  }

  /** Ends the connections without a request. @param forMs milliseconds that a connection must have had none. */
  endQuiet(forMs: number): void {
    const until = performance.now() - forMs;
    for (const connection of this.#bySocket.values()) {
      if (connection.unanswered.size === 0 && connection.quietSince <= until) this.#end(connection);
    }
  }

  #leastMissed(): Connection | undefined {
    // A proxy's connection serves many people, so it is ended last, unless nearly all connections come from proxies.
    const idle = this.#trusted.size > this.#bounds.all * 0.9 ? oldestThatWaits(this.#trusted) : undefined;
    return (
      idle ??
      oldestThatWaits(this.#strangers.busiest()) ??
      oldestThatWaits(this.#strangers) ??
      oldestThatWaits(this.#trusted)
    );
  }

  #renew(connection: Connection): void {
    if (!connection.isTrusted) this.#strangers.renew(connection.path, connection);
    else if (this.#trusted.delete(connection)) this.#trusted.add(connection);
  }

  #end(connection: Connection): void {
    this.#drop(connection);
    connection.socket.destroy();
  }

  /**
   * Called with `destroy`, not on the later `close` event: until then a burst would be refused although places are
   * free.
   */
  #drop(connection: Connection): void {
    if (!this.#bySocket.delete(connection.socket)) return;
    if (connection.isTrusted) this.#trusted.delete(connection);
    else this.#strangers.delete(connection.path, connection);
    this.#unanswered -= connection.unanswered.size;
    connection.unanswered.clear();
  }
}

function oldestThatWaits(connections: Iterable<Connection>): Connection | undefined {
  for (const connection of connections) if (!isAtWork(connection)) return connection;
  return undefined;
}

/** Whether a complete request has arrived that is not answered yet. */
function isAtWork({ unanswered }: Connection): boolean {
  for (const [response, request] of unanswered) if (request.complete && !response.writableEnded) return true;
  return false;
}
