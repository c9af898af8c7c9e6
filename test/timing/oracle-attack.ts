import { setTimeout as sleep } from 'node:timers/promises';
import type { Manner } from './delayed-relay.js';
import type { OracleStage } from './oracle-stage.js';

/** What an attacker measures in one attack: milliseconds, by name. */
export type Observed = Readonly<Record<string, number>>;

export interface Scenario {
  /** The domain of the address in question. */
  readonly domain: string;
  /** How the relay treats mails to that domain. */
  readonly manner?: Manner;
  /** Whether the owner's budget is used up before. All trials then have the same owner. */
  readonly isSpent?: boolean;
  /** Whether the attacker's first five mailboxes accept late, so that only the address in question frees its place. */
  readonly tarpit?: boolean;
  /** Restarts the worker before each attack; with `memory`, Redis forgets the times of earlier dialogues, too. */
  readonly restarts?: 'worker' | 'worker and memory';
  /** Another attack: each trial uses a domain without earlier mails, at which the attacker has three mailboxes. */
  readonly neighbours?: true;
  /** Whether mails are asked for by `signUp`, which has two places; its mail goes to known and unknown addresses alike. */
  readonly signUps?: true;
}

export const scenarios = {
  plain: { domain: 'company.example' },
  spent: { domain: 'company.example', isSpent: true, tarpit: true },
  slow: { domain: 'slow.example', manner: { atRecipient: 1_200 }, tarpit: true },
  greylisting: { domain: 'grey.example', manner: { greylists: true } },
  tarpit: { domain: 'company.example', tarpit: true },
  restart: { domain: 'company.example', tarpit: true, restarts: 'worker' },
  forgotten: { domain: 'company.example', tarpit: true, restarts: 'worker and memory' },
  neighbours: { domain: 'company.example', neighbours: true },
  'sign-ups': { domain: 'company.example', tarpit: true, signUps: true },
} satisfies Record<string, Scenario>;
export type ScenarioName = keyof typeof scenarios;

/** The attacker's mailboxes that come before the address in question; with it they take all places of a worker. */
const before = ({ signUps }: Scenario) => (signUps ? 1 : 5);
/** Each mailbox of the attacker has its own domain. All but the last can be a tarpit. */
const ownDomain = (index: number) => `own${index}.example`;

/** Milliseconds by which a tarpit delays: enough for the address in question and for the last mail after it. */
function tarpitOf(dialogue: number, manner: Manner = {}): number {
  return 2.5 * dialogue + 300 + (manner.atRecipient ?? 0) + (manner.atEnd ?? 0);
}

export class Attacks {
  #next = 0;

  constructor(
    private readonly stage: OracleStage,
    private readonly scenario: Scenario,
  ) {}

  /** How the relay treats each domain, for `OracleStage.set`. @param dialogue milliseconds that a dialogue takes. */
  static mannerOf(scenario: Scenario, dialogue: number): (domain: string) => Manner {
    const tarpit = scenario.tarpit ? { atEnd: tarpitOf(dialogue, scenario.manner) } : {};
    const own = new Map(Array.from({ length: before(scenario) }, (_, index) => [ownDomain(index), tarpit]));
    own.set(scenario.domain, scenario.manner ?? {});
    return (domain) => own.get(domain) ?? {};
  }

  /** Makes the accounts for this many attacks. */
  async prepare(count: number): Promise<void> {
    const { stage, scenario } = this;
    if (scenario.neighbours) return;
    const owners = scenario.signUps ? 0 : before(scenario) + 1;
    for (let index = 0; index < owners; index++) await stage.people('own', ownDomain(index), count);
    await stage.people('person', scenario.domain, count);
    if (!scenario.isSpent) return;
    // An account's budget: three mails in an hour, and one that is kept for another network.
    for (const from of ['12.0.0.1', '12.0.0.1', '12.0.0.1', '12.0.1.1']) await stage.ask(this.#known(0), from);
    await stage.quiet();
  }

  /** Makes the next attack. @returns what the attacker measures. */
  async attack(side: 'known' | 'unknown'): Promise<Observed> {
    const { stage, scenario } = this;
    const number = this.#next++;
    if (scenario.restarts) await stage.restart();
    if (scenario.restarts === 'worker and memory') await stage.forget();
    // A random pause, so that attacks do not fall into step with a timer.
    await sleep(20 + Math.random() * 40);
    try {
      return scenario.neighbours ? await this.#neighbours(side, number) : await this.#queue(side, number);
    } finally {
      await stage.quiet();
    }
  }

  /**
   * Asks for five mailboxes of the attacker, the address in question, and a sixth mailbox of the attacker. (Where there
   * are two places: for one, the address, and a second one.)
   */
  async #queue(side: 'known' | 'unknown', number: number): Promise<Observed> {
    const { stage, scenario } = this;
    const count = before(scenario);
    const ask = (email: string, from?: string) =>
      scenario.signUps ? stage.askToSignUp(email) : stage.ask(email, from);
    const own = Array.from({ length: count + 1 }, (_, index) => `own${number}@${ownDomain(index)}`);
    const [first, last] = [own.slice(0, count), own.slice(count)];
    const question = side === 'known' ? this.#known(number) : `nobody${number}@${scenario.domain}`;
    const begun = performance.now();
    await Promise.all(first.map((email) => ask(email)));
    await ask(question, scenario.isSpent ? '12.0.0.1' : undefined);
    const asked = performance.now();
    await Promise.all(last.map((email) => ask(email)));
    const arrivals = await Promise.all(own.map((email) => arrival(stage, email)));
    const [sixth = 0] = arrivals.slice(count);
    const five = arrivals.slice(0, count).sort((a, b) => a - b);
    return {
      'sixth since it was asked for': sixth - asked,
      'sixth since the first request': sixth - begun,
      'sixth after the first own mail': sixth - (five[0] ?? 0),
      'sixth after the fifth': sixth - (five.at(-1) ?? 0),
      'fifth since the first request': (five.at(-1) ?? 0) - begun,
      'last of all since the first request': Math.max(sixth, five.at(-1) ?? 0) - begun,
    };
  }

  /** Asks for the address in question, and later for three mailboxes of the attacker at the same domain. */
  async #neighbours(side: 'known' | 'unknown', number: number): Promise<Observed> {
    const { stage } = this;
    const domain = `company${number}.example`;
    await stage.people('own', domain, 3);
    if (side === 'known') await stage.people('person', domain, 1);
    await stage.ask(`person0@${domain}`);
    await stage.quiet();
    // Its place is freed only after the job is settled, with or without an account, and would delay the next mails.
    await sleep(2 * stage.dialogue + 200);
    const begun = performance.now();
    const own = [0, 1, 2].map((index) => `own${index}@${domain}`);
    await Promise.all(own.map((email) => stage.ask(email)));
    const arrivals = (await Promise.all(own.map((email) => arrival(stage, email)))).sort((a, b) => a - b);
    const [first = 0, second = 0, third = 0] = arrivals;
    return {
      'first since the request': first - begun,
      'third since the request': third - begun,
      'third after the first': third - first,
      'third after the second': third - second,
    };
  }

  #known(number: number): string {
    return `person${this.scenario.isSpent ? 0 : number}@${this.scenario.domain}`;
  }
}

async function arrival(stage: OracleStage, email: string): Promise<number> {
  const late = new AbortController();
  const never = sleep(60_000, undefined, { signal: late.signal }).then(() => {
    throw new Error(`the mail to ${email} did not come within a minute`);
  });
  return Promise.race([stage.relay.arrival(email), never]).finally(() => {
    late.abort();
    never.catch(() => undefined);
  });
}
