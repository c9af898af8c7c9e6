import type { FastifyReply } from 'fastify';
import { refuse } from './refusal.js';

/** Seconds. */
const retryAfter = 2;

/**
 * Bounds the calls that are at work at the same time. Every queue behind them (connections of the pool, commands to
 * Redis, jobs to be written) is bounded with them, whatever a store does: what comes beyond is told at once to come
 * again, instead of waiting for its own time-out. Counted once a body is there, so that slow senders take no place.
 */
export class CallLimit {
  #atWork = 0;

  constructor(private readonly most: number) {}

  async run(reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
    if (this.#atWork >= this.most) {
      const told = reply.header('retry-after', String(retryAfter));
      return refuse(told, 503, 'TEMPORARILY_UNAVAILABLE', 'Temporarily unavailable; try again.');
    }
    this.#atWork++;
    try {
      return await work();
    } finally {
      this.#atWork--;
    }
  }
}
