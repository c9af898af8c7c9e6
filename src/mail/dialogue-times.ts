import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { aMomentLater } from '../calls/a-moment-later.js';

/** A monotonic clock in milliseconds, and a sleep by it; tests replace it. */
export interface Clock {
  readonly now: () => number;
  /** Resolves early when the signal aborts; never rejects. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
};

/**
 * One dialogue, once the line was there: milliseconds, and whether its recipient was waited for as a slow one
 * (`MailPlaces`).
 */
export interface Dialogue {
  readonly length: number;
  readonly isSlow: boolean;
}

/** A recent dialogue, and a figure over all that are known beside it. */
export interface Drawn extends Dialogue {
  /**
   * Milliseconds for which every place is kept: the 90th percentile of the dialogues, and at most 1.5 times their
   * median, so that one very long dialogue does not extend all places.
   */
  readonly usual: number;
}

/** Milliseconds for which every place is kept while no dialogue is known: more than most relays take. */
export const usualAtFirst = 1_000;

const name = 'dialogue-times';
/** The field for all domains together; every pseudonym is longer. */
const anyDomain = 'any';
const kept = { ofDomain: 16, ofAny: 64, domains: 1_000, seconds: 30 * 86_400 } as const;

/**
 * How long recent dialogues took, by the recipient's domain: the time to hold a place when nothing is sent
 * (`Mailer.hold`). Stored in Redis, so that new workers know it, and in memory while Redis is away. Bounded in samples
 * and in domains: for each domain too many, a random one is forgotten.
 */
export class DialogueTimes {
  readonly #memory = new Map<string, readonly Dialogue[]>();
  readonly #noted: (readonly [domain: string, dialogue: Dialogue])[] = [];
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param nameOf the pseudonym of a domain in Redis, because some domains belong to one person.
   * @param longest milliseconds; no value in Redis makes a place be held for longer.
   */
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly nameOf: (domain: string) => string,
    private readonly longest: number,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Remembers one dialogue, a moment later: the next mail wants the processor now. Best effort; nobody waits for it.
   */
  note(domain: string, milliseconds: number, isSlow = false): void {
    const length = Math.min(this.longest, Math.max(0, Math.round(milliseconds)));
    if (this.#noted.push([domain, { length, isSlow }]) === 1) aMomentLater(() => this.written());
  }

  /** @returns a random recent dialogue with this domain, else with any; undefined before the first one. Never rejects. */
  async draw(domain: string): Promise<Drawn | undefined> {
    const [own, ofAny] = await this.#read(this.#fieldOf(domain));
    const known = own.length > 0 ? own : ofAny;
    const drawn = known[Math.floor(this.random() * known.length)];
    return drawn && { ...drawn, usual: usualOf(known) };
  }

  /** Writes what was noted so far. Never rejects. */
  written(): Promise<void> {
    for (const [domain, dialogue] of this.#noted.splice(0)) {
      this.#writing = this.#writing.then(() => this.#write(this.#fieldOf(domain), dialogue));
    }
    return this.#writing;
  }

  /**
   * The field of a domain. While the data key is not read there are no pseudonyms: then the field of all domains, because
   * a mail that a relay took must not fail here and be sent again.
   */
  #fieldOf(domain: string): string {
    try {
      return this.nameOf(domain);
    } catch {
      return anyDomain;
    }
  }

  async #write(field: string, dialogue: Dialogue): Promise<void> {
    const [own, any] = await this.#read(field);
    const ofDomain = [dialogue, ...own].slice(0, kept.ofDomain);
    const ofAny = [dialogue, ...any].slice(0, kept.ofAny);
    this.#remember(field, ofDomain);
    this.#remember(anyDomain, ofAny);
    try {
      const added = await this.redis.hset(name, field, textOf(ofDomain), anyDomain, textOf(ofAny));
      if (added === 0) return;
      await this.redis.expire(name, kept.seconds);
      if ((await this.redis.hlen(name)) <= kept.domains + 1) return;
      const others = (await this.redis.hkeys(name)).filter((each) => each !== field && each !== anyDomain);
      const forgotten = others[Math.floor(this.random() * others.length)];
      if (forgotten) await this.redis.hdel(name, forgotten);
    } catch {
      // It is in memory.
    }
  }

  /** The samples of this domain and of any, newest first. */
  async #read(field: string): Promise<readonly [readonly Dialogue[], readonly Dialogue[]]> {
    const remembered = [this.#memory.get(field) ?? [], this.#memory.get(anyDomain) ?? []] as const;
    try {
      const [own, any] = await this.redis.hmget(name, field, anyDomain);
      return [this.#parse(own) ?? remembered[0], this.#parse(any) ?? remembered[1]];
    } catch {
      return remembered;
    }
  }

  #remember(field: string, dialogues: readonly Dialogue[]): void {
    this.#memory.delete(field);
    this.#memory.set(field, dialogues);
    if (this.#memory.size <= kept.domains) return;
    const oldest = [...this.#memory.keys()].find((each) => each !== anyDomain);
    if (oldest !== undefined) this.#memory.delete(oldest);
  }

  #parse(text: string | null | undefined): readonly Dialogue[] | undefined {
    if (!text || !/^\d{1,6}s?(?:,\d{1,6}s?){0,63}$/.test(text)) return undefined;
    return text.split(',').map((each) => ({
      length: Math.min(this.longest, Number.parseInt(each, 10)),
      isSlow: each.endsWith('s'),
    }));
  }
}

function usualOf(dialogues: readonly Dialogue[]): number {
  const sorted = dialogues.map(({ length }) => length).sort((a, b) => b - a);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return Math.min(at(0.1), Math.ceil(1.5 * at(0.5)));
}

/** `300,1500s`: the second one was slow. */
function textOf(dialogues: readonly Dialogue[]): string {
  return dialogues.map(({ length, isSlow }) => `${length}${isSlow ? 's' : ''}`).join();
}
