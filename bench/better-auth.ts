import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { packageFolder } from '../src/package-files.js';
import { slotsOfWorker } from '../src/services/queues.js';
import { Latchkey } from '../test/support/processes.js';
import { placeOfLink, resetMail, sender } from './reset-mail.js';
import { addressInSql, makeDatabase } from './site.js';
import type { Stage } from './stage.js';

const folder = join(packageFolder, 'bench/peers');

/** What to do when the other product is not there. */
export const notInstalled = 'better-auth is not installed: run `npm ci` in bench/peers';

export function isInstalled(): boolean {
  return existsSync(join(folder, 'node_modules/better-auth/package.json'));
}

/** better-auth from npm over the same stores and relay, with the same mail and as many accounts as we have. */
export class BetterAuth {
  private constructor(
    private readonly process: Latchkey,
    readonly url: string,
    private readonly database: pg.Pool,
    private readonly stage: Stage,
  ) {}

  static async start(stage: Stage): Promise<BetterAuth> {
    const { redis, smtp } = stage.urls;
    const url = await makeDatabase(stage.urls.database, 'better_auth');
    const settings = {
      NODE_ENV: 'production',
      DATABASE_URL: url,
      REDIS_URL: redis,
      SMTP_URL: smtp,
      BETTER_AUTH_SECRET: randomBytes(32).toString('base64url'),
      MAIL: JSON.stringify(resetMail()),
      PLACE_OF_LINK: placeOfLink,
      SENDER: sender,
      CONNECTIONS: String(slotsOfWorker),
    };
    const started = Latchkey.of(join(folder, 'server.mjs'), [], { settings, cwd: folder });
    stage.closeWith(() => started.stop('SIGKILL'));
    const listens = await started.said(/listens on (http:\S+)/);
    const database = new pg.Pool({ connectionString: url, max: 1 });
    stage.closeWith(() => database.end());
    await database.query(
      `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
       select 'id-' || number, 'Owner', ${addressInSql}, true, now(), now()
         from generate_series(0, $1::int - 1) as number`,
      [stage.ours.accounts],
    );
    await database.query('vacuum analyze "user"');
    return new BetterAuth(started, listens, database, stage);
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Calls that ask for a mail to each of these addresses, as its client sends them. */
  requests(addresses: readonly string[]) {
    const variables = addresses.map((email) => ({ email }));
    return { url: this.url, path: '/api/auth/request-password-reset', variables, answer: '"status":true' };
  }

  /** Empties what its requests wrote, so that each measurement begins with the same data. */
  async clear(): Promise<void> {
    await this.database.query('truncate verification');
    await this.stage.redis.flushall();
    await this.database.query('checkpoint');
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
  }
}
