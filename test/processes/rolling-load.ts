import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type Latchkey, readyz } from '../support/processes.js';

export interface Answered {
  readonly outcome: string;
  readonly ms: number;
}

/** A load balancer: it sends calls to the APIs that are ready, and to the next one if a connection is refused. */
export class Balancer {
  readonly #backends = new Map<string, boolean>();
  #turn = 0;
  #watching: NodeJS.Timeout;

  constructor() {
    const look = async (url: string) => {
      const isReady = await readyz(url).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (this.#backends.has(url)) this.#backends.set(url, isReady);
    };
    this.#watching = setInterval(() => void Promise.all([...this.#backends.keys()].map(look)), 100);
  }

  /** Waits until the API is ready, and sends calls to it from then on. */
  async add(api: Latchkey): Promise<string> {
    const url = await api.url();
    for (;;) {
      const isReady = await readyz(url).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (isReady) break;
      await wait(50);
    }
    this.#backends.set(url, true);
    return url;
  }

  close(): void {
    clearInterval(this.#watching);
  }

  /** @returns the type of the result, the code of the error, or what happened instead of an answer. */
  async call(query: string, variables: object): Promise<Answered> {
    const begun = performance.now();
    let outcome = 'nobody is ready';
    for (let attempt = 0; attempt < 20; attempt++) {
      const ready = [...this.#backends].filter(([, isReady]) => isReady);
      const [url] = ready[this.#turn++ % ready.length] ?? [];
      outcome = url ? await post(url, JSON.stringify({ query, variables })) : outcome;
      if (url && outcome !== 'ECONNREFUSED') break;
      if (!url) await wait(50);
    }
    return { outcome, ms: performance.now() - begun };
  }
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const sent = request(`${url}/graphql`, { method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      response.on('end', () => {
        const { data, errors } = JSON.parse(text);
        const [result] = Object.values(data ?? {}) as { __typename?: string }[];
        resolve(result?.__typename ?? errors?.[0]?.extensions?.code ?? 'nothing');
      });
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}

const asking = 'mutation($email: String!) { requestPasswordReset(input: { email: $email }) { __typename } }';
const resetting =
  'mutation($key: String!, $password: String!) { resetPassword(input: { key: $key, password: $password }) { __typename } }';

/** People who request links or set passwords until `stop` is called; every call is for another account. */
export class People {
  readonly asked = new Map<string, Answered>();
  readonly reset = new Map<string, Answered>();
  #isOver = false;
  #next = 0;
  readonly #working: Promise<void>[];

  /** @param keyFor makes a key for the account with this number; without it, links are only requested. */
  constructor(
    private readonly balancer: Balancer,
    callers: number,
    private readonly keyFor?: (number: number) => Promise<string>,
  ) {
    this.#working = Array.from({ length: callers }, (_, index) => this.#work(index === 0 && keyFor !== undefined));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#working);
  }

  async #work(resets: boolean): Promise<void> {
    while (!this.#isOver) {
      const number = this.#next++;
      const email = addressOf(number);
      if (resets && this.keyFor) {
        const key = await this.keyFor(number);
        this.reset.set(email, await this.balancer.call(resetting, { key, password: `a quite new password ${number}` }));
      } else this.asked.set(email, await this.balancer.call(asking, { email }));
      // Half of the time, or so, goes to the calls: a machine of two cores has to start processes at the same time.
      await wait(60);
    }
  }
}

export const addressOf = (number: number) => `person-${number}@example.com`;

/** Counts the answers by outcome. */
export function tally(answers: Iterable<Answered>): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { outcome } of answers) counted[outcome] = (counted[outcome] ?? 0) + 1;
  return counted;
}
