import pg from 'pg';
import { now, type Outcome } from '../recording.js';
import type { Stage } from '../stage.js';
import { AppRows } from './rows.js';
import { type AppHome, appName } from './tables.js';

/** A connection of the app's, straight to PostgreSQL; made again after each fault. */
export class AppSession {
  #session: pg.Client | undefined;

  constructor(
    private readonly stage: Stage,
    private readonly home: AppHome,
  ) {}

  /** One transaction, recorded. @returns whether it was committed, as far as the app knows. */
  async work(account: string, op: string, steps: (rows: AppRows) => Promise<unknown>): Promise<boolean> {
    const start = now();
    let outcome: Outcome = 'refused';
    let xid: string | undefined;
    let code: string | undefined;
    try {
      const session = await this.#open();
      await session.query('begin');
      const { rows } = await session.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
      xid = rows[0]?.xid;
      await steps(new AppRows(this.home, session, account));
      // From here on nobody knows, until there is an answer.
      outcome = 'unknown';
      await session.query('commit');
      outcome = 'ok';
    } catch (error) {
      code = (error as { code?: string }).code ?? (error as Error).message;
      await this.close();
    }
    this.stage.recording.appWrites.push({ account, op, xid, start, end: now(), outcome, code });
    return outcome === 'ok';
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.end().catch(() => undefined);
  }

  async #open(): Promise<pg.Client> {
    if (this.#session) return this.#session;
    const limits = { connectionTimeoutMillis: 3_000, query_timeout: 20_000, statement_timeout: 15_000 };
    const session = new pg.Client({ connectionString: this.stage.postgres.url, application_name: appName, ...limits });
    session.on('error', () => undefined);
    await session.connect();
    this.#session = session;
    return session;
  }
}
