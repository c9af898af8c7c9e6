import type { FastifyReply } from 'fastify';
import type { ClientNames } from '../client-ip.js';
import { refuse } from '../refusal.js';

/** Seconds. */
const retryAfter = 2;
/**
 * Extra places for clients with few calls at work, as a fraction of `most`. Few are enough: a call takes milliseconds.
 */
const reserved = 1 / 20;
/** How many calls count as "few": for each size of network, and below for one client. */
const few: Readonly<Record<string, number>> = { '/24': 8, '/56': 8, '/48': 16, '/32': 32 };
const fewOfClient = 2;

/**
 * Bounds the calls that are at work at the same time. This also bounds every queue behind them (connections of the
 * pool, commands to Redis, jobs to be written), whatever a store does. A call beyond the bound is answered immediately
 * with 503 instead of waiting for its timeout. A call is counted once its body is complete, so slow senders take no
 * place.
 *
 * A few extra places are reserved for clients and networks that have few calls at work, so that a flood from one client
 * leaves room for others, also when all come through connections of one proxy.
 */
export class CallLimit {
  #atWork = 0;
  /** Calls at work, by the names of clients and networks. */
  readonly #of = new Map<string, number>();

  /** @param most calls at the same time, of all callers; the reserved places come on top. */
  constructor(private readonly most: number) {}

  async run(caller: ClientNames, reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
    // Client and network have the same name where the address is `unknown`.
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
    // The count of a /32 (a provider) matters only in the second half of the extra places: until then a flood from one
    // part of a provider keeps none of its other customers out.
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
