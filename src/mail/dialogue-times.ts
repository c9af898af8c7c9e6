import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';

/** Milliseconds that only go forward, and a way to let them pass; tests have one of their own. */
export interface Clock {
  readonly now: () => number;
  /** Ends early, without a word, when the signal aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
};

const name = 'dialogue-times';
/** The field of all domains together: no pseudonym is so short. */
const anyDomain = 'any';
/** Milliseconds, until the first dialogue ever. */
const unknownLength = 100;
const kept = { ofDomain: 16, ofAny: 64, domains: 1_000, seconds: 30 * 86_400 } as const;

/**
 * How long dialogues with a relay took lately, by the recipient's domain: what a place is held for when nothing is to
 * be sent (`Mailer.hold`). In Redis, so that a new worker knows it, too; in memory while Redis is away. Bounded in
 * domains, of which one is forgotten by chance for each that is too many, and in samples.
 */
export class DialogueTimes {
  readonly #memory = new Map<string, readonly number[]>();
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param nameOf how a domain is called in Redis: by a pseudonym, because some domains are one person's.
   * @param longest milliseconds; nothing that stands in Redis makes a place be held for longer.
   */
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly nameOf: (domain: string) => string,
    private readonly longest: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Remembers one dialogue. Best effort; nobody waits for it. */
  note(domain: string, milliseconds: number): void {
    const length = Math.min(this.longest, Math.max(0, Math.round(milliseconds)));
    this.#writing = this.#writing.then(() => this.#write(this.nameOf(domain), length));
  }

  /** @returns milliseconds: those of one recent dialogue with this domain, else with any, else 100. */
  async draw(domain: string): Promise<number> {
    const [own, any] = await this.#read(this.nameOf(domain));
    const known = own.length > 0 ? own : any;
    return known[Math.floor(this.random() * known.length)] ?? unknownLength;
  }

  /** For tests: once everything noted so far is written. */
  written(): Promise<void> {
    return this.#writing;
  }

  async #write(field: string, length: number): Promise<void> {
    const [own, any] = await this.#read(field);
    const ofDomain = [length, ...own].slice(0, kept.ofDomain);
    const ofAny = [length, ...any].slice(0, kept.ofAny);
    this.#remember(field, ofDomain);
    this.#remember(anyDomain, ofAny);
    try {
      const added = await this.redis.hset(name, field, ofDomain.join(), anyDomain, ofAny.join());
      if (added === 0) return;
      await this.redis.expire(name, kept.seconds);
      if ((await this.redis.hlen(name)) <= kept.domains + 1) return;
      const others = (await this.redis.hkeys(name)).filter((each) => each !== field && each !== anyDomain);
      const forgotten = others[Math.floor(this.random() * others.length)];
      if (forgotten) await this.redis.hdel(name, forgotten);
    } catch {
      // Memory has it.
    }
  }

  /** The samples of this domain and of any, newest first. */
  async #read(field: string): Promise<readonly [readonly number[], readonly number[]]> {
    const remembered = [this.#memory.get(field) ?? [], this.#memory.get(anyDomain) ?? []] as const;
    try {
      const [own, any] = await this.redis.hmget(name, field, anyDomain);
      return [this.#parse(own) ?? remembered[0], this.#parse(any) ?? remembered[1]];
    } catch {
      return remembered;
    }
  }

  #remember(field: string, lengths: readonly number[]): void {
    this.#memory.delete(field);
    this.#memory.set(field, lengths);
    if (this.#memory.size <= kept.domains) return;
    const oldest = [...this.#memory.keys()].find((each) => each !== anyDomain);
    if (oldest !== undefined) this.#memory.delete(oldest);
  }

  #parse(text: string | null | undefined): readonly number[] | undefined {
    if (!text || !/^\d{1,6}(?:,\d{1,6}){0,63}$/.test(text)) return undefined;
    return text.split(',').map((each) => Math.min(this.longest, Number(each)));
  }
}
