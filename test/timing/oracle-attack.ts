import { setTimeout as sleep } from 'node:timers/promises';
import type { Manner } from './delayed-relay.js';
import type { OracleStage } from './oracle-stage.js';

/** What an attacker sees of one attack, by name: milliseconds. */
export type Observed = Readonly<Record<string, number>>;

export interface Scenario {
  /** Of the address in question. */
  readonly domain: string;
  /** How its mails are met. */
  readonly manner?: Manner;
  /** The owner's budget is used up before: then there is one owner, not one for each trial. */
  readonly isSpent?: boolean;
  /** The attacker's first five mailboxes take their mails late: only the place of the address in question comes free. */
  readonly tarpit?: boolean;
  /** Before each attack the worker begins anew, and even Redis knows of no earlier dialogue. */
  readonly restarts?: 'worker' | 'worker and memory';
  /** Instead: each trial at a domain that was never written to, where the attacker has three mailboxes, too. */
  readonly neighbours?: true;
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
} satisfies Record<string, Scenario>;
export type ScenarioName = keyof typeof scenarios;

/** The attacker's mailboxes before the one in question; with it they take the six places of a worker. */
const before = 5;
/** One of these is the attacker's last mailbox; the others keep their mails waiting, each with a domain of its own. */
const ownDomain = (index: number) => `own${index}.example`;

/** How long a tarpit lasts: until the address in question had its place, and the last mail after it. */
function tarpitOf(dialogue: number, manner: Manner = {}): number {
  return 2.5 * dialogue + 300 + (manner.atRecipient ?? 0) + (manner.atEnd ?? 0);
}

export class Attacks {
  #next = 0;

  constructor(
    private readonly stage: OracleStage,
    private readonly scenario: Scenario,
  ) {}

  /** What the relay does, for `OracleStage.set`. @param dialogue milliseconds that one with it takes. */
  static mannerOf(scenario: Scenario, dialogue: number): (domain: string) => Manner {
    const tarpit = scenario.tarpit ? { atEnd: tarpitOf(dialogue, scenario.manner) } : {};
    const own = new Map(Array.from({ length: before }, (_, index) => [ownDomain(index), tarpit]));
    own.set(scenario.domain, scenario.manner ?? {});
    return (domain) => own.get(domain) ?? {};
  }

  /** Makes the accounts for so many attacks. */
  async prepare(count: number): Promise<void> {
    const { stage, scenario } = this;
    if (scenario.neighbours) return;
    for (let index = 0; index <= before; index++) await stage.people('own', ownDomain(index), count);
    await stage.people('person', scenario.domain, count);
    if (!scenario.isSpent) return;
    // Three of its hour, and the place for another network.
    for (const from of ['12.0.0.1', '12.0.0.1', '12.0.0.1', '12.0.1.1']) await stage.ask(this.#known(0), from);
    await stage.quiet();
  }

  /** What the attacker sees of the next attack. */
  async attack(side: 'known' | 'unknown'): Promise<Observed> {
    const { stage, scenario } = this;
    const number = this.#next++;
    if (scenario.restarts) await stage.restart();
    if (scenario.restarts === 'worker and memory') await stage.forget();
    // So that attacks do not fall into step with anything.
    await sleep(20 + Math.random() * 40);
    try {
      return scenario.neighbours ? await this.#neighbours(side, number) : await this.#queue(side, number);
    } finally {
      await stage.quiet();
    }
  }

  /** Five own mailboxes, the address in question, a sixth own one. */
  async #queue(side: 'known' | 'unknown', number: number): Promise<Observed> {
    const { stage, scenario } = this;
    const own = Array.from({ length: before + 1 }, (_, index) => `own${number}@${ownDomain(index)}`);
    const [first, last] = [own.slice(0, before), own.slice(before)];
    const question = side === 'known' ? this.#known(number) : `nobody${number}@${scenario.domain}`;
    const begun = performance.now();
    await Promise.all(first.map((email) => stage.ask(email)));
    await stage.ask(question, scenario.isSpent ? '12.0.0.1' : undefined);
    const asked = performance.now();
    await Promise.all(last.map((email) => stage.ask(email)));
    const arrivals = await Promise.all(own.map((email) => arrival(stage, email)));
    const [sixth = 0] = arrivals.slice(before);
    const five = arrivals.slice(0, before).sort((a, b) => a - b);
    return {
      'sixth since it was asked for': sixth - asked,
      'sixth since the first request': sixth - begun,
      'sixth after the first own mail': sixth - (five[0] ?? 0),
      'sixth after the fifth': sixth - (five.at(-1) ?? 0),
      'fifth since the first request': (five.at(-1) ?? 0) - begun,
      'last of all since the first request': Math.max(sixth, five.at(-1) ?? 0) - begun,
    };
  }

  /** The address in question, and a while later three own mailboxes at the same domain. */
  async #neighbours(side: 'known' | 'unknown', number: number): Promise<Observed> {
    const { stage } = this;
    const domain = `company${number}.example`;
    await stage.people('own', domain, 3);
    if (side === 'known') await stage.people('person', domain, 1);
    await stage.ask(`person0@${domain}`);
    await stage.quiet();
    // The job is settled before its place is free: whoever asks meanwhile meets it, account or not.
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
