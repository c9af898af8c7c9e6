import type { Cluster, Redis } from 'ioredis';
import type { Credential } from '../../accounts/accounts.js';
import { Unavailable } from '../../calls/errors.js';
import type { Window } from '../../rate-limit/rate-limiter.js';
import { type Asking, ask, giveBack, type Place, refuse } from './places.js';

/**
 * A place in the budget: the mail may be sent, and its key must live `keyLifetimeSeconds`. `refillsAt` is set if this
 * is the last mail of the budget: there is no other before that time.
 */
export interface Granted {
  readonly granted: true;
  readonly keyLifetimeSeconds: number;
  readonly refillsAt: Date | undefined;
}
export type Grant = Granted | { readonly granted: false };

export interface BudgetSettings {
  readonly keyTtlSeconds: number;
  readonly keyTtlMaxSeconds: number;
  readonly limits: { readonly perAccount: readonly Window[] };
}

/** Compare and swap: writes only if the value is still the one that was read, so concurrent jobs count one by one. */
const replaceIfUnchanged = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1`;
/** Tries of the compare and swap: a try fails only when another job's write came in between. */
const mostTries = 50;

/**
 * How many reset mails one account gets. The budget bounds a flood and cannot lock the owner out: the key of the last
 * mail lives until the budget refills, so an owner who gets no further mail has a link that works. Two more places are
 * reserved in each longest window: one for the owner's device, one for a network that did not use up the budget
 * (places.ts).
 *
 * The credential version, and in an app's table the stamp, is part of the name in Redis: whatever ends all old links
 * begins a new budget. Times are by the database's clock, as those of keys are.
 */
export class ResetBudget {
  /**
   * @param nameOf makes the pseudonym of a network.
   * @param onRefusal called with the account's id for each request that gets no mail.
   */
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly nameOf: (network: string) => string,
    private readonly settings: BudgetSettings,
    private readonly onRefusal: (accountId: string) => void = () => undefined,
  ) {}

  /** Counts a job once, in however many attempts. @throws Unavailable when Redis or the data key is away. */
  async take(
    job: string,
    account: Credential,
    from: { network?: string | undefined; isOwnDevice?: boolean } = {},
  ): Promise<Grant> {
    const { keyTtlSeconds, keyTtlMaxSeconds, limits } = this.settings;
    const now = account.readAt.getTime();
    const network = from.network ? this.nameOf(`network ${from.network}`) : '';
    const asking: Asking = { job, now, network, isOwnDevice: from.isOwnDevice ?? false };
    const answer = await this.#change(account, (places) => {
      const answered = ask(places, asking, limits.perAccount);
      return { ...answered, places: answered.granted ? answered.places : places };
    });
    if (!answer.granted) {
      this.onRefusal(account.id);
      return { granted: false };
    }
    const untilRefill = answer.refillsAt === undefined ? 0 : Math.ceil((answer.refillsAt - now) / 1_000);
    return {
      granted: true,
      keyLifetimeSeconds: Math.min(keyTtlMaxSeconds, Math.max(keyTtlSeconds, untilRefill)),
      refillsAt: answer.refillsAt === undefined ? undefined : new Date(answer.refillsAt),
    };
  }

  /** Frees the place of a job that ends without a mail. Best effort, never throws: the windows refill anyway. */
  async giveBack(job: string, account: Credential): Promise<void> {
    await this.#change(account, (places) => ({ places: giveBack(places, job) })).catch(() => undefined);
  }

  /** For a job whose mail the mailbox refused: it counts in the shortest window only. Best effort, never throws. */
  async refused(job: string, account: Credential): Promise<void> {
    await this.#change(account, (places) => ({ places: refuse(places, job) })).catch(() => undefined);
  }

  async #change<Answer extends { readonly places: readonly Place[] }>(
    { id, credentialVersion, stamp }: Credential,
    change: (places: readonly Place[]) => Answer,
  ): Promise<Answer> {
    const mark = stamp ? `:${this.nameOf(`stamp ${stamp}`)}` : '';
    const key = `reset-budget:${id}:${credentialVersion}${mark}`;
    const longest = Math.max(0, ...this.settings.limits.perAccount.map(({ seconds }) => seconds));
    try {
      for (let tries = 0; tries < mostTries; tries++) {
        const before = (await this.redis.get(key)) ?? '';
        const answer = change(read(before));
        const after = write(answer.places);
        if (after === before || (after === '' && before === '')) return answer;
        if (Number(await this.redis.eval(replaceIfUnchanged, 1, key, before, after, longest)) === 1) return answer;
      }
    } catch (error) {
      throw new Unavailable('redis', { cause: error });
    }
    throw new Unavailable('redis');
  }
}

const letters = { counted: 'c', device: 'd', network: 'n', refused: 'r' } as const;
const kinds = { c: 'counted', d: 'device', n: 'network', r: 'refused' } as const;

/** One place per line. */
function write(places: readonly Place[]): string {
  return places.map(({ job, at, kind, network }) => `${letters[kind]} ${at} ${job} ${network}`).join('\n');
}

/** Skips every line that `write` could not have written. */
function read(text: string): Place[] {
  return text.split('\n').flatMap((line) => {
    const [, letter, at, job, network] = /^([cdnr]) (\d{1,15}) ([\w-]{1,64}) ([\w-]{0,64})$/.exec(line) ?? [];
    if (!letter || !job) return [];
    return [{ job, at: Number(at), kind: kinds[letter as keyof typeof kinds], network: network ?? '' }];
  });
}

/** Seconds between requests that never use up the shortest window of the budget. */
export function paceOf(windows: readonly Window[]): number {
  const [shortest] = [...windows].sort((one, other) => one.seconds - other.seconds);
  return shortest ? Math.ceil(shortest.seconds / shortest.points) : 60;
}
