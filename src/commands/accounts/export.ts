import { once } from 'node:events';
import { link, open, rename, rm } from 'node:fs/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Accounts } from '../../accounts/accounts.js';
import type { Audit } from '../../audit/audit.js';
import { ours } from '../../stores/postgres/schemas.js';
import { CommandFailure, codeOf } from '../failure.js';
import { Progress, perSecond, type Writer } from '../progress.js';

export interface ExportFlags {
  readonly withHashes?: boolean;
  readonly output?: string;
  readonly force?: boolean;
}

export interface ExportDeps {
  readonly accounts: Accounts;
  readonly audit: Pick<Audit, 'record'>;
  readonly terminal: { readonly out: Writer; readonly err: Writer };
}

/** Rows that are in memory at a time. */
const fetched = 5_000;

/** A line as `import` reads it; what an account does not have is left out, but `hash`, which says so by null. */
const lines = (table: string, withHashes: boolean) => `
  select (jsonb_strip_nulls(jsonb_build_object(
            'id', id, 'external_id', external_id, 'email', email, 'locale', locale, 'status', status,
            'createdAt', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
          || jsonb_build_object('hash', ${withHashes ? 'password_hash' : 'null'}))::text as line
    from ${table} order by id`;

/**
 * Writes every account of our own table as one moment shows them, through a cursor, so memory does not grow with their
 * number.
 *
 * @throws CommandFailure when the file is there already or cannot be written; then it is as it was before.
 * @throws the database's error.
 */
export async function exportAccounts({ accounts, audit, terminal }: ExportDeps, flags: ExportFlags): Promise<void> {
  const { withHashes = false, output, force = false } = flags;
  const target = output === undefined ? toTerminal(terminal.out) : await toFile(output, force);
  try {
    const { done, seconds } = await accounts.transaction(async (transaction) => {
      const table = ours(transaction, 'account');
      const [all] = await transaction.execute<{ n: number }[]>(`select count(*)::int as n from ${table}`);
      const progress = new Progress('export', terminal.err, all?.n);
      let done = 0;
      for await (const rows of batches(transaction, lines(table, withHashes))) {
        await target.write(rows.map(({ line }) => `${line}\n`).join(''));
        done += rows.length;
        progress.tell({ done, unit: 'account', bytes: done });
      }
      progress.clear();
      const detail = { accounts: done, hashes: withHashes };
      await audit.record(transaction, { kind: 'accounts.exported', origin: 'command line', detail });
      return { done, seconds: progress.seconds };
    });
    await target.finish();
    const pace = `${seconds.toFixed(1)} s, ${perSecond(done, seconds)} accounts/s`;
    terminal.err.write(`exported ${done} accounts ${withHashes ? 'with' : 'without'} their hashes; ${pace}\n`);
  } catch (error) {
    await target.discard();
    throw error;
  }
}

async function* batches(transaction: EntityManager, sql: string): AsyncGenerator<{ line: string }[]> {
  await transaction.execute(`declare exported no scroll cursor for ${sql}`);
  for (;;) {
    const rows = await transaction.execute<{ line: string }[]>(`fetch ${fetched} from exported`);
    if (rows.length === 0) return;
    yield rows;
  }
}

interface Target {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
}

function toTerminal(out: Writer): Target {
  const stream = out as Writer & Partial<NodeJS.WriteStream>;
  return {
    async write(text) {
      if (out.write(text) === false && stream.once) await once(stream as NodeJS.WriteStream, 'drain');
    },
    finish: async () => undefined,
    discard: async () => undefined,
  };
}

/** Writes beside the file and puts it in its place at the end, so that no half export has its name. */
async function toFile(path: string, force: boolean): Promise<Target> {
  const part = `${path}.part`;
  const failing = (cause: unknown) => {
    if (codeOf(cause) === 'EEXIST') {
      return new CommandFailure(
        '--output: the file is there already, or its .part of an earlier run (--force replaces)',
      );
    }
    return new CommandFailure(`--output: the file cannot be written (${codeOf(cause) ?? 'unknown reason'})`, { cause });
  };
  if (force) await rm(part, { force: true });
  const handle = await open(part, 'wx', 0o600).catch((error: unknown) => {
    throw failing(error);
  });
  return {
    write: (text) => handle.appendFile(text).catch((error: unknown) => Promise.reject(failing(error))),
    async finish() {
      await handle.sync();
      await handle.close();
      // A link, unlike a rename, fails where a file is.
      const placed = force ? rename(part, path) : link(part, path).then(() => rm(part));
      await placed.catch((error: unknown) => Promise.reject(failing(error)));
    },
    async discard() {
      await handle.close().catch(() => undefined);
      await rm(part, { force: true });
    },
  };
}
