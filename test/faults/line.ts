import { setTimeout as sleep } from 'node:timers/promises';
import { createLatchkeyClient, type LatchkeyClient, LatchkeyRequestError } from '../../schema/sdk/client.js';
import type { Random } from '../support/random.js';
import { type Call, type Entry, now, type Outcome } from './recording.js';
import type { Stage } from './stage.js';

/** What a call returned besides its outcome. */
export type Values = { newToken?: string };

type Answer = { readonly __typename: string };

/** A client's way to the APIs. It goes to any that runs, as through a load balancer, and each call is recorded. */
export class Line {
  /** @param to `patience` is in milliseconds: more than all deadlines of a call together. */
  constructor(
    private readonly number: number,
    private readonly to: { readonly stage: Stage; readonly patience: number },
    private readonly random: Random,
  ) {}

  async call(
    call: Call,
    send: (to: { client: LatchkeyClient; values: Values }) => Promise<Answer>,
    accessToken?: string,
  ): Promise<Entry & Values> {
    for (;;) {
      const api = this.random.pick(this.to.stage.apis.filter(({ url }) => url !== undefined).concat(this.#first()));
      const url = api.url;
      const start = now();
      const values: Values = {};
      const { outcome, result } = url
        ? await this.#send(url, accessToken, (client) => send({ client, values }))
        : ({ outcome: 'refused', result: 'no connection' } as const);
      // Like a load balancer, the client sends a call that reached no process to another one.
      if (result === 'no connection') {
        await sleep(50);
        continue;
      }
      const entry: Entry = { ...call, client: this.number, to: api.name, start, end: now(), outcome, result };
      this.to.stage.recording.entries.push(entry);
      return { ...entry, ...values } as Entry & Values;
    }
  }

  #first() {
    const [first] = this.to.stage.apis;
    if (!first) throw new Error('no API');
    return this.to.stage.apis.some(({ url }) => url !== undefined) ? [] : [first];
  }

  async #send(
    url: string,
    accessToken: string | undefined,
    send: (client: LatchkeyClient) => Promise<Answer>,
  ): Promise<{ outcome: Outcome; result: string }> {
    const token = accessToken === undefined ? {} : { accessToken: () => accessToken };
    const client = createLatchkeyClient({ url, ...token, timeoutMs: this.to.patience });
    try {
      const answer = await send(client);
      const reason = 'reason' in answer ? ` ${String(answer.reason)}` : '';
      return { outcome: outcomeOf(answer.__typename), result: `${answer.__typename}${reason}` };
    } catch (error) {
      if (!(error instanceof LatchkeyRequestError)) throw error;
      if (isRefused(error)) return { outcome: 'refused', result: 'no connection' };
      return { outcome: 'unknown', result: `${error.kind} ${error.status ?? ''} ${error.codes.join(' ')}`.trim() };
    }
  }
}

const successes = new Set([
  'PasswordResetRequested',
  'ResetKeyValid',
  'PasswordResetCompleted',
  'SignedIn',
  'Account',
  'PasswordChanged',
  'SignedOutEverywhere',
]);

function outcomeOf(type: string): Outcome {
  if (type === 'TemporarilyUnavailable') return 'unknown';
  return successes.has(type) ? 'ok' : 'refused';
}

function isRefused(error: Error): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ((each as NodeJS.ErrnoException).code === 'ECONNREFUSED') return true;
  }
  return false;
}
