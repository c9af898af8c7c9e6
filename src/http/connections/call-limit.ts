import type { FastifyReply } from 'fastify';
import type { ClientNames } from '../client-ip.js';
import { refuse } from '../refusal.js';

/** Seconds. */
const retryAfter = 2;
/** Places beside the others, as a part of them, for whoever has few calls at work. Few are enough: a call takes milliseconds. */
const reserved = 1 / 20;
/** What few is: of a client, and of what it is part of. */
const few: Readonly<Record<string, number>> = { '/24': 8, '/56': 8, '/48': 16, '/32': 32 };
const fewOfClient = 2;

/**
 * Bounds the calls that are at work at the same time. Every queue behind them (connections of the pool, commands to
 * Redis, jobs to be written) is bounded with them, whatever a store does: what comes beyond is told immediately to come
 * again, instead of waiting for its own time-out. Counted once a body is there, so that slow senders take no place.
 *
 * A few places more are for clients and networks that have few calls at work, so that a flood of one, over however many
 * connections of a proxy, leaves room for others.
 */
export class CallLimit {
  #atWork = 0;
  /** By the names of clients and networks. */
  readonly #of = new Map<string, number>();

  /** @param most of whoever calls. */
  constructor(private readonly most: number) {}

  async run(caller: ClientNames, reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
    // A caller whose address is no address is client and network in one.
    const names = [...new Set([caller.client, ...caller.networks])];
    if (!this.#hasRoom(names)) {
      const told = reply.header('retry-after', String(retryAfter));
      return refuse(told, 503, 'TEMPORARILY_UNAVAILABLE', 'Temporarily unavailable; try again.');
    }
    this.#count(names, 1);
    try {
      return await work();
    } finally {
      this.#count(names, -1);
    }
  }

  #hasRoom(names: readonly string[]): boolean {
    const more = this.#atWork - this.most;
    const places = Math.floor(this.most * reserved);
    if (more < 0) return true;
    if (more >= places) return false;
    // A flood of one customer keeps neighbours out of the last half only, and one of a whole provider nobody else.
    const asked = more < places / 2 ? names.filter((name) => !name.endsWith('/32')) : names;
    return asked.every((name) => (this.#of.get(name) ?? 0) < (few[/\/\d+$/.exec(name)?.[0] ?? ''] ?? fewOfClient));
  }

  #count(names: readonly string[], by: 1 | -1): void {
    this.#atWork += by;
    for (const name of names) {
      const now = (this.#of.get(name) ?? 0) + by;
      if (now > 0) this.#of.set(name, now);
      else this.#of.delete(name);
    }
  }
}
