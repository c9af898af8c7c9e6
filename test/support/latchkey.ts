import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { Redis } from 'ioredis';
import { createLatchkeyClient, type LatchkeyClient } from '../../schema/sdk/client.js';
import { type ForDevelopers, startApi } from '../../src/api.js';
import { Inbox, type InboxMail } from '../../src/dev/inbox/inbox.js';
import { createLog } from '../../src/observability/log.js';
import { createServices, type Overrides, type Services } from '../../src/services/services.js';
import { readSettings, type Settings } from '../../src/settings/settings.js';
import { startWorker } from '../../src/worker.js';
import { createDatabase, createRedis, type TestDatabase } from './stores.js';

export interface LatchkeyOptions {
  /** Settings by the names of their environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly overrides?: Overrides;
  /** Used instead of a new database; dropped at the end, too. */
  readonly database?: TestDatabase;
  /** Starts no worker until `startWorker` is called. */
  readonly withoutWorker?: boolean;
  readonly forDevelopers?: ForDevelopers;
}

export interface TestLatchkey {
  readonly url: string;
  readonly settings: Settings;
  readonly client: LatchkeyClient;
  readonly inbox: Inbox;
  readonly services: Services;
  readonly database: TestDatabase;
  /** The test's own connection to Redis. */
  readonly redis: Redis;
  /** Every log line, as text. */
  readonly logged: () => string;
  /** A client that sends this access token. */
  as(accessToken: string): LatchkeyClient;
  signUp(email: string, password: string): Promise<string>;
  signIn(email: string, password: string): Promise<string | undefined>;
  /** Requests a reset and reads the key from the mail. */
  keyFor(email: string): Promise<string>;
  /** Sends any body as a POST to `/graphql`. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  startWorker(): Promise<void>;
  close(): Promise<void>;
}

const roomy = '100000/900';
/** High limits, since all calls come from one address; tests of limits set their own. */
const testEnvironment = {
  PORT: '0',
  LOG_LEVEL: 'debug',
  PUBLIC_URL: 'http://localhost:4000',
  LIMIT_RESET_PER_CLIENT: roomy,
  LIMIT_RESET_PER_NETWORK: roomy,
  LIMIT_RESET_PER_ACCOUNT: roomy,
  LIMIT_KEY_FAILURES_PER_CLIENT: roomy,
  LIMIT_HASH_PER_CLIENT: roomy,
  LIMIT_SIGN_UP_PER_CLIENT: roomy,
  LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: roomy,
  LIMIT_SIGN_IN_PER_CLIENT: roomy,
  LIMIT_SIGN_IN_PER_ADDRESS: roomy,
  LIMIT_CHANGE_PASSWORD_PER_ACCOUNT: roomy,
} as const;

/** Starts a whole Latchkey: its own database, Redis, inbox, API and worker, called over real sockets. */
export async function startLatchkey(options: LatchkeyOptions = {}): Promise<TestLatchkey> {
  const [database, embeddedRedis, inbox] = await Promise.all([
    options.database ?? createDatabase(),
    createRedis(),
    Inbox.start(),
  ]);
  const environment = {
    ...testEnvironment,
    DATABASE_URL: database.url,
    REDIS_URL: embeddedRedis.url ?? 'redis://stand-in.invalid',
    SMTP_URL: inbox.smtpUrl,
    SECRET: randomBytes(32).toString('base64url'),
    ACCESS_TOKEN_SIGNING_KEY: generateKeyPairSync('ed25519')
      .privateKey.export({ format: 'pem', type: 'pkcs8' })
      .toString(),
    ...options.env,
  };
  const settings = readSettings(environment, 'dev');
  const lines: string[] = [];
  const collector = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLog(settings.log.level, 'test', collector);
  const standIn = embeddedRedis.connect;
  const services = createServices(settings, {
    log: () => log,
    ...(standIn ? { redis: () => standIn() } : {}),
    ...options.overrides,
  });
  const api = await startApi(settings, services, options.forDevelopers);
  const work = async () => {
    await startWorker(services);
  };
  if (!options.withoutWorker) await work();
  await services.jobs.start();
  const redis = standIn ? standIn() : new Redis(embeddedRedis.url ?? '');
  const client = createLatchkeyClient({ url: api.url });

  return {
    url: api.url,
    settings,
    client,
    inbox,
    services,
    database,
    redis,
    logged: () => lines.join(''),
    as: (accessToken) => createLatchkeyClient({ url: api.url, accessToken: () => accessToken }),
    async signUp(email, password) {
      const result = await client.signUp({ email, password });
      if (result.__typename !== 'SignedUp') throw new Error(`sign-up ended with ${result.__typename}`);
      return result.account.id;
    },
    async signIn(email, password) {
      const result = await client.signIn({ email, password });
      return result.__typename === 'SignedIn' ? result.accessToken : undefined;
    },
    async keyFor(email) {
      const before = new Set(inbox.mails());
      await client.requestPasswordReset({ email });
      return keyIn(
        await inbox.waitFor((mail) => !before.has(mail) && mail.to.includes(email) && mail.text.includes('#key=')),
      );
    },
    post: (body, headers = {}) =>
      fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    startWorker: work,
    async close() {
      await api.close();
      await services.close();
      redis.disconnect();
      await Promise.all([inbox.stop(), embeddedRedis.stop()]);
      await database.drop();
    },
  };
}

export function keyIn(mail: Pick<InboxMail, 'text'>): string {
  const key = /#key=([A-Za-z0-9_-]{43})\b/.exec(mail.text)?.[1];
  if (!key) throw new Error('the mail holds no key');
  return key;
}
