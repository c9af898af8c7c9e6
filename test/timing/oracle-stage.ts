import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { packageFolder } from '../../src/package-files.js';
import { withPath } from '../support/databases.js';
import { Latchkey, type Settings } from '../support/processes.js';
import { productionSettings, withoutLimits } from '../support/production-settings.js';
import { call } from './call.js';
import { type DelayedRelay, type Manner, startDelayedRelay } from './delayed-relay.js';

const document = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
const signUp = 'mutation($input: SignUpInput!) { signUp(input: $input) { __typename } }';

const listens = /"url":"([^"]+)"[^\n]*the API listens/;
/** Milliseconds to wait for the API: other programs may run on this machine. */
const patience = 300_000;

/** URLs of a migrated database and a Redis that nothing else uses. */
export interface Stores {
  readonly database: string;
  readonly redis: string;
}

/** A request was refused. As the limits are high, the reason is that the server has too much to do. */
export class RequestRefused extends Error {
  constructor(result: string) {
    super(`a request ended with ${result}`);
  }
}

/** An API process and a worker process, and a relay that takes their mails with a delay. */
export class OracleStage {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  #networks = 0;
  #url = '';

  private constructor(
    readonly relay: DelayedRelay,
    /** How long a dialogue takes, in milliseconds. */
    readonly dialogue: number,
    private readonly api: Latchkey,
    private readonly worker: Latchkey,
    private readonly database: pg.Pool,
    private readonly redis: Redis,
    private readonly plant: boolean,
  ) {}

  /** @param dialogue milliseconds. @param plant whether the worker holds no place, to plant a leak. */
  static async set(
    stores: Stores,
    dialogue: number,
    mannerOf: (domain: string) => Manner,
    plant = false,
  ): Promise<OracleStage> {
    const relay = await startDelayedRelay(dialogue, mannerOf);
    const settings = settingsOf(stores, relay.url);
    const api = Latchkey.start(['api'], settings);
    const host = `${packageFolder}test/timing/worker-host.mjs`;
    const worker = Latchkey.of(host, [], { settings, stdout: 'ignore', stderr: 2, hasChannel: true });
    const database = new pg.Pool({ connectionString: stores.database, max: 2, ...withPath });
    const stage = new OracleStage(relay, dialogue, api, worker, database, new Redis(stores.redis), plant);
    try {
      const [url] = await Promise.all([api.said(listens, patience), stage.restart()]);
      stage.#url = url.replace('0.0.0.0', '127.0.0.1');
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  /** Makes accounts without a password: name0@domain, name1@domain and so on. */
  async people(name: string, domain: string, count: number): Promise<void> {
    await this.database.query(
      `insert into account (id, email, password_hash, status)
       select gen_random_uuid(), $1 || number || '@' || $2, null, 'active' from generate_series(0, $3::int - 1) number`,
      [name, domain, count],
    );
  }

  /**
   * @param from the client's IP address; by default one that was not used before. An attacker may have many, and the
   * worker prefers jobs of clients that ask seldom.
   */
  async ask(email: string, from = this.#newAddress()): Promise<void> {
    const result = await call(this.#agent, this.#url, document, { email }, { 'x-forwarded-for': from });
    if (result !== 'PasswordResetRequested') throw new RequestRefused(result);
  }

  /** Asks for a sign-up that its mail confirms, from a client that was not used before. */
  async askToSignUp(email: string): Promise<void> {
    const input = { email, password: 'eleven herons at low tide' };
    const result = await call(this.#agent, this.#url, signUp, input, { 'x-forwarded-for': this.#newAddress() });
    if (result !== 'SignUpRequested') throw new RequestRefused(result);
  }

  /** Resolves once no job is new or active; jobs that wait for a retry do not count. */
  async quiet(): Promise<void> {
    const waiting = `select 1 from job where state in ('created', 'active') limit 1`;
    while ((await this.database.query(waiting)).rowCount !== 0) await sleep(20);
  }

  /** Replaces the worker by a new one, which knows only what Redis knows. */
  async restart(): Promise<void> {
    const { child } = this.worker;
    child.send({ plant: this.plant });
    const answered = new AbortController();
    const { signal } = answered;
    const ends = (['message', 'exit'] as const).map((event) => once(child, event, { signal }));
    const [said] = await Promise.race(ends).finally(() => answered.abort());
    await Promise.allSettled(ends);
    if (said !== 'waits') throw new Error(`the worker ended with ${said}`);
  }

  /** Deletes the times of earlier dialogues from Redis. */
  async forget(): Promise<void> {
    await this.redis.del('dialogue-times');
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.redis.disconnect();
    await Promise.all([this.api.stop('SIGKILL'), this.worker.stop('SIGKILL')]);
    await Promise.all([this.database.end(), this.relay.stop()]);
  }

  #newAddress(): string {
    const number = this.#networks++;
    return `11.${(number >> 8) & 255}.${number & 255}.1`;
  }
}

/** Default settings, except for the limits that so many calls would reach; the budget of an account is the default. */
function settingsOf({ database, redis }: Stores, smtp: string): Settings {
  const roomy = withoutLimits(/(?:RESET|SIGN_UP)_PER_(?:CLIENT|NETWORK)/);
  const beyond = { TRUST_PROXY: '127.0.0.1/32', SIGN_UP: 'confirm' };
  return { ...productionSettings({ database, redis, smtp }), ...beyond, ...roomy };
}
