import type { Cluster, Redis } from 'ioredis';
import type { Pseudonyms } from './pseudonym.js';

/** Seconds. */
const remembered = 30 * 86_400;

/**
 * Clients from which the owner has signed in or recovered the account. The limit per address, which strangers can use
 * up, does not count for them: otherwise a hundred wrong passwords a day would keep an owner out for good.
 */
export class KnownClients {
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly pseudonyms: Pseudonyms,
  ) {}

  /** Best effort: what cannot be remembered costs a delay at worst. */
  async remember(address: string, client: string): Promise<void> {
    try {
      await this.redis.set(this.#nameOf(address, client), '1', 'EX', remembered);
    } catch {
      // Redis is away, or the data key is not read yet.
    }
  }

  async has(address: string, client: string): Promise<boolean> {
    return (await this.redis.exists(this.#nameOf(address, client)).catch(() => 0)) === 1;
  }

  #nameOf(address: string, client: string): string {
    return `known-client:${this.pseudonyms.of(`${address} ${client}`)}`;
  }
}
