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
/** Hears of each bound that is met, and of the client that met it. */
export type TellOfBound = (bound: keyof ConnectionBounds, client: string) => void;

/** Requests of one connection that have no answer yet. Browsers and proxies send the next when they have read the last. */
const mostUnanswered = 8;
/** Bytes of answers that one connection has not taken; the longest single one of ours is below it. */
const mostUnread = 64 * 1024;

interface Connection {
  readonly socket: Socket;
  readonly client: string;
  readonly path: readonly string[];
  readonly isTrusted: boolean;
  readonly unanswered: Map<ServerResponse, IncomingMessage>;
  /** When it was opened or last had an answer, by `performance.now()`. */
  quietSince: number;
}

/**
 * The open connections of a server and the requests on them. What bounds them and what ends them on closing read the
 * same ones, so neither has to come before the other. Where there are bounds, a place is taken from whoever holds most of
 * them and waits: for its next request, for the rest of one that it sends, or for itself to read its answer. Nobody loses
 * one whose request is being worked on.
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

  /** From now on; without it there are none but those of each connection. */
  bound(bounds: ConnectionBounds, tell: TellOfBound): void {
    this.#bounds = bounds;
    this.#tell = tell;
  }

  get count(): number {
    return this.#bySocket.size;
  }

  /** Requests so far, without those that ask how we are: they go on whether or not anybody sends people here. */
  get calls(): number {
    return this.#calls;
  }

  /** Counts a new connection, and ends others, or this one, where there are too many. */
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

  /** @returns whether the request may be answered; else its connection has ended, and nothing more of it is to be read. */
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

  /** Ends those that carry no request. @param forMs milliseconds without one */
  endQuiet(forMs: number): void {
    const until = performance.now() - forMs;
    for (const connection of this.#bySocket.values()) {
      if (connection.unanswered.size === 0 && connection.quietSince <= until) this.#end(connection);
    }
  }

  #leastMissed(): Connection | undefined {
    // Those of a proxy serve many people, so they come last, unless there is hardly anything else.
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

  /** Its file is closed with `destroy`; that Node tells of it only after the round would let bursts be turned away. */
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

/** Somebody has sent a whole request and we owe the answer. */
function isAtWork({ unanswered }: Connection): boolean {
  for (const [response, request] of unanswered) if (request.complete && !response.writableEnded) return true;
  return false;
}
