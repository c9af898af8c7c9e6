import { setTimeout as pause } from 'node:timers/promises';
import bcryptjs from 'bcryptjs';
import pg from 'pg';
import { eventually } from '../../support/eventually.js';
import { type LatchkeyOptions, startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { createDatabase, type TestDatabase } from '../../support/stores.js';

/** What a person of these tests had before, and what they set. */
export const oldPassword = 'the password of years ago';
export const newPassword = 'quiet harbour lantern 42';
/** As the app made it, with the cost that makes tests fast. */
export const oldHash = bcryptjs.hashSync(oldPassword, 4);

export interface App {
  readonly database: TestDatabase;
  readonly latchkey: TestLatchkey;
  /** A session of the app's own, for locks and transactions. */
  session(): Promise<pg.Client>;
  reset(key: string, password?: string): ReturnType<TestLatchkey['client']['resetPassword']>;
  close(): Promise<void>;
}

/** Makes an app's tables in a database, and starts Latchkey beside it. */
export async function startBeside(
  tables: string,
  accounts: object | string,
  { env = {}, ...options }: LatchkeyOptions = {},
): Promise<App> {
  const database = options.database ?? (await createDatabase());
  try {
    // The role may be named like our schema, and would make the tables there.
    await database.query(`set search_path to public; ${tables}; reset search_path`);
    const json = typeof accounts === 'string' ? accounts : JSON.stringify(accounts);
    const latchkey = await startLatchkey({ ...options, database, env: { ACCOUNTS: json, ...env } });
    const sessions: pg.Client[] = [];
    return {
      database,
      latchkey,
      async session() {
        const client = new pg.Client({ connectionString: database.url, application_name: 'the app' });
        client.on('error', () => undefined);
        await client.connect();
        sessions.push(client);
        return client;
      },
      reset: (key, password = newPassword) => latchkey.client.resetPassword({ key, password }),
      async close() {
        for (const each of sessions) await each.end().catch(() => undefined);
        await latchkey.close();
      },
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

/** Our tables, as SQL names them. */
export const ours = {
  jobs: 'latchkey_jobs.job',
  versions: 'latchkey.adopted_account',
  events: 'latchkey.audit_event',
} as const;

let people = 0;
/** A new person of the app, with a session. */
export async function somebody({ database }: App): Promise<{ id: string; email: string }> {
  const email = `somebody.${++people}@example.com`;
  const [row] = await database.query<{ id: string }>(
    `with person as (insert into users (email, password) values ($1, $2) returning id)
     insert into sessions (user_id) select id from person returning user_id as id`,
    [email, oldHash],
  );
  return { id: row?.id ?? '', email };
}

/** Waits until sessions of ours wait for a lock, as many as `count`. */
export const untilWeWait = ({ database }: App, count = 1) =>
  eventually(
    () =>
      database.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and application_name <> 'the app'`,
      ),
    (rows) => rows.length >= count,
  );

/** How the jobs for this address ended, once there are so many. */
export async function endsOf({ database }: App, email: string, count = 1): Promise<string[]> {
  const rows = await eventually(
    () =>
      database.query<{ outcome: string }>(
        `select output ->> 'outcome' as outcome from ${ours.jobs}
          where data ->> 'email' = $1 and state = 'completed' order by completed_on`,
        [email],
      ),
    ({ length }) => length === count,
  );
  return rows.map(({ outcome }) => outcome);
}

/** A plain table, as most apps have one. */
export const users = `
  create table users (
    id bigint generated always as identity (start with 41) primary key,
    email varchar(254) unique,
    password varchar(100),
    language text,
    token_version integer not null default 0,
    deleted_at timestamptz,
    updated_at timestamptz not null default '2020-01-01'
  );
  create table sessions (id bigint generated always as identity primary key, user_id bigint references users (id) on delete cascade);
  insert into users (email, password, language) values
    ('alice@example.com', '${oldHash}', 'de'), ('bob@example.com', '${oldHash}', null);
  insert into sessions (user_id) select id from users`;
/** The shape of that table. */
export const usersShape = {
  table: 'users',
  passwordHash: 'password',
  active: 'deleted_at IS NULL',
  locale: 'language',
  set: { updated_at: 'now()', token_version: 'token_version + 1' },
  also: ['DELETE FROM sessions WHERE user_id = :id'],
  write: { format: 'bcrypt', cost: 4 },
} as const;

/** A table of hashes beside it, and its shape. */
export const logins = `
  create table login (id serial primary key, user_id bigint, kind text not null default 'password', secret text, used_at timestamptz);
  insert into login (user_id, secret) select id, password from users`;
export const loginsShape = {
  table: 'users',
  passwordHash: 'secret',
  active: 'deleted_at IS NULL',
  passwordTable: { table: 'login', accountId: 'user_id', where: `kind = 'password'` },
  also: ['DELETE FROM sessions WHERE user_id = :id'],
  write: { format: 'bcrypt', cost: 4 },
} as const;

export const opens = (hash: string | null | undefined, password: string) => bcryptjs.compareSync(password, hash ?? '');

/**
 * Resets while the app takes these locks in this order, again and again, each transaction on its own connection.
 *
 * @param statements of one transaction of the app's, with the account's id as `$1`.
 * @returns what failed for the app, and how the reset ended.
 */
export async function resetWhile(app: App, key: string, theirs: pg.Client, statements: readonly string[], id: string) {
  const faults: unknown[] = [];
  let isOver = false;
  const appAtWork = (async () => {
    while (!isOver) {
      await theirs.query('begin');
      for (const statement of statements) {
        await theirs.query(statement, [id]).catch((error: unknown) => faults.push(error));
        await pause(5);
      }
      await theirs.query('commit');
      await pause(5);
    }
  })();
  const done = await eventually(
    () => app.reset(key),
    ({ __typename }) => __typename !== 'TemporarilyUnavailable',
    30_000,
  );
  isOver = true;
  await appAtWork;
  return { faults, done };
}

/** What a reset locks last, a while after the row, because this sleeps before it. */
export const slowly = (also: readonly string[]) => ['SELECT pg_sleep(0.2)', ...also];

/**
 * Makes a circle in which the app waits longer than we do, so that PostgreSQL would end the app: it holds the session, then
 * waits for what a reset of an app `slowly` has locked, and the reset comes to the session after that.
 *
 * @param wanted one statement with the account's id as `$1`.
 * @returns the rows that the app changed.
 */
export async function circle(app: App, key: string, theirs: pg.Client, wanted: string, id: string) {
  await theirs.query('begin');
  await theirs.query('select 1 from sessions where user_id = $1 for update', [id]);
  const resetting = app.reset(key);
  await eventually(
    () =>
      app.database.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
      ),
    (rows) => rows.length > 0,
  );
  const { rowCount } = await theirs.query(wanted, [id]);
  await theirs.query('commit');
  await resetting;
  await eventually(
    () => app.reset(key),
    ({ __typename }) => __typename === 'PasswordResetCompleted',
  );
  return rowCount;
}
