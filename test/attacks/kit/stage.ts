import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { Inbox, type InboxMail } from '../../../src/dev/inbox/inbox.js';
import { eventually } from '../../support/eventually.js';
import { Latchkey, readyz } from '../../support/processes.js';
import { type Environment, productionSettings } from '../../support/production-settings.js';
import type { TestDatabase } from '../../support/test-database.js';
import { Caller, type CallerOptions } from './caller.js';
import { Networks } from './networks.js';
import type { StageOptions, Stores } from './stage-options.js';
import { newAddress, type Target } from './target.js';

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

/** The password of every account that a stage makes. */
export const password = 'the password that gets lost';
export const newPassword = 'a quite new password';

/** Milliseconds in which a process starts, on a machine that does other work, too. */
const patience = 120_000;

/** What a stage is made of. */
interface Parts {
  readonly isFull: boolean;
  readonly settings: Environment;
  readonly apis: readonly Latchkey[];
  readonly workers: readonly Latchkey[];
  readonly inbox: Inbox;
  readonly database: TestDatabase;
  readonly redis: Redis;
  readonly stores: Stores;
  readonly networks: Networks;
  readonly closing: (() => Promise<unknown>)[];
}

/** A Latchkey of processes as in production, with its own stores and relay, which strangers and we can look at. */
export class Stage implements Target {
  readonly mailDomain = 'kit.example';
  #hash: string | undefined;

  private constructor(
    readonly urls: readonly string[],
    private readonly parts: Parts,
  ) {}

  static async start(stores: Stores, options: StageOptions = {}): Promise<Stage> {
    const closing: (() => Promise<unknown>)[] = [];
    try {
      const database = await stores.database();
      closing.push(() => database.drop());
      const redis = await stores.redis();
      closing.push(() => redis.stop());
      const inbox = await Inbox.start({ keep: 100_000 });
      closing.push(() => inbox.stop());
      const smtp = options.smtp ?? inbox.smtpUrl;
      const settings = {
        ...productionSettings({ database: database.url, redis: redis.url, smtp }),
        SIGN_UP: 'confirm',
        CORS_ORIGINS: 'https://app.example,https://*.preview.acme.example,capacitor://localhost',
        ...options.settings,
      };
      const start = (role: string, flags: readonly string[] = []) => {
        const started = Latchkey.start([role], settings, undefined, [process.execPath, ...flags]);
        closing.push(() => started.stop('SIGKILL'));
        return started;
      };
      const apis = Array.from({ length: options.apis ?? 1 }, () => start('api', options.flags));
      const workers = Array.from({ length: options.workers ?? 1 }, () => start('worker'));
      const urls = await Promise.all(apis.map((api) => api.url(patience)));
      await Promise.all(workers.map((worker) => worker.said(/the worker waits for jobs/, patience)));
      if (!options.isUnready) await Promise.all(urls.map(untilReady));
      const { isFull = false } = options;
      const networks = new Networks();
      const machines = { settings, apis, workers, inbox, database, redis: redis.client };
      return new Stage(urls, { isFull, ...machines, stores, networks, closing });
    } catch (error) {
      await closeAll(closing);
      throw error;
    }
  }

  get isFull(): boolean {
    return this.parts.isFull;
  }
  get settings(): Environment {
    return this.parts.settings;
  }
  get apis(): readonly Latchkey[] {
    return this.parts.apis;
  }
  get inbox(): Inbox {
    return this.parts.inbox;
  }
  get database(): TestDatabase {
    return this.parts.database;
  }
  /** A connection of our own. */
  get redis(): Redis {
    return this.parts.redis;
  }

  /** The same stage, reached through other URLs. */
  through(...urls: string[]): Stage {
    return new Stage(urls, this.parts);
  }

  /** Another stage, for an attack that needs other settings or breaks something; closed afterwards. */
  async beside<T>(options: StageOptions, attack: (stage: Stage) => Promise<T>): Promise<T> {
    const stage = await Stage.start(this.parts.stores, { isFull: this.isFull, ...options });
    return attack(stage).finally(() => stage.close());
  }

  /** A /24 of its own: `127.x.y.`, for callers that are told apart by the last number. */
  network(): string {
    return this.parts.networks.next();
  }

  stranger({ from = `${this.network()}7`, ...options }: CallerOptions = {}): Caller {
    return new Caller(this.urls, { ...options, from });
  }

  address(): string {
    return newAddress(this.mailDomain);
  }

  /** Makes an account. @param hash of its password, where it is none of our own. */
  async account(email = this.address(), hash?: string | null): Promise<Account> {
    const id = randomUUID();
    const made = hash === undefined ? await this.#ownHash() : hash;
    const sql = `insert into account (id, email, password_hash, status) values ($1, $2, $3, 'active')`;
    await this.database.query(sql, [id, email, made]);
    return { id, email, password };
  }

  /** The owner asks for a link, from somewhere, and reads the key in the mail. */
  async keyFor(email: string, caller = this.stranger()): Promise<string> {
    const before = new Set(this.inbox.mails());
    await caller.client.requestPasswordReset({ email });
    const isNew = (mail: InboxMail) => !before.has(mail) && mail.envelope.to.includes(email);
    return keyOf(await this.inbox.waitFor((mail) => isNew(mail) && mail.text.includes('#key='), 30_000));
  }

  /** An account and a key that works. */
  async withKey(): Promise<Account & { key: string }> {
    const account = await this.account();
    return { ...account, key: await this.keyFor(account.email) };
  }

  mailsTo(email: string): InboxMail[] {
    return this.inbox.mails().filter(({ envelope }) => envelope.to.includes(email));
  }

  /** Waits until no job waits or runs; dead letters wait for an operator. @param timeoutMs milliseconds. */
  async settled(timeoutMs = 60_000): Promise<void> {
    const sql = `select count(*)::int as count from job where state < 'completed' and name not like '%-dead'`;
    await eventually(
      async () => (await this.database.query<{ count: number }>(sql))[0]?.count,
      (count) => count === 0,
      timeoutMs,
    );
  }

  /** Everything that the processes wrote. */
  written(): string {
    return [...this.apis, ...this.parts.workers].map(({ output, errors }) => output + errors).join('\n');
  }

  /** MiB that the API processes have in memory, together. */
  async residentMiB(): Promise<number> {
    const sizes = await Promise.all(this.apis.map(({ pid }) => readFile(`/proc/${pid}/status`, 'utf8')));
    const kib = sizes.map((text) => Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0));
    return Math.round(kib.reduce((sum, each) => sum + each, 0) / 1_024);
  }

  async close(): Promise<void> {
    await closeAll(this.parts.closing);
  }

  async #ownHash(): Promise<string> {
    const own = { memoryKib: 19_456, timeCost: 2 };
    const limiter = new HashLimiter({ hashConcurrency: 1, hashQueue: 8 });
    this.#hash ??= await new PasswordHash(own, limiter).make(password, { urgency: 'other' });
    return this.#hash;
  }
}

export function keyOf(mail: Pick<InboxMail, 'text'>): string {
  return /#(?:key|confirm)=([A-Za-z0-9_-]{43})\b/.exec(mail.text)?.[1] ?? '';
}

async function untilReady(url: string): Promise<void> {
  await eventually(
    () => readyz(url).catch(() => ({ status: 0 })),
    ({ status }) => status === 200,
    60_000,
  );
}

async function closeAll(closing: (() => Promise<unknown>)[]): Promise<void> {
  for (const step of closing.splice(0).reverse()) await step().catch(() => undefined);
}
