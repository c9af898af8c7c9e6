import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OwnPostgres } from '../../support/own-postgres.js';

const run = promisify(execFile);

/** A PostgreSQL whose disk can be full. */
export interface SmallDisk {
  readonly postgres: OwnPostgres;
  /** After this no table can grow. */
  fill(): Promise<void>;
  /** After this there is no room for the next WAL segment either: PostgreSQL panics, and cannot start again. */
  fillForLog(): Promise<void>;
  free(): Promise<void>;
  remove(): Promise<void>;
}

/** Bytes: the size of a WAL segment, so that the WAL can still be written. */
const quota = 1024 * 1024;

/**
 * Needs no privilege: the processes of the server may not write a file beyond `quota` bytes. The tables are made larger
 * than that first, so that none can grow under the limit.
 */
export async function underQuota(): Promise<SmallDisk> {
  const postgres = await OwnPostgres.start();
  const limit = (bytes: string) => postgres.limitFiles(bytes);
  await postgres.query(
    `insert into account (id, email, password_hash, status)
     select gen_random_uuid(), 'filler.' || i || '@example.com', repeat('x', 400), 'active' from generate_series(1, 4000) i`,
  );
  await postgres.query(
    `insert into job (name, state, completed_on, data)
     select 'password-reset-request', 'completed', now(), jsonb_build_object('filler', repeat('x', 60)) from generate_series(1, 8000)`,
  );
  // Writes the pages to disk before the limit would forbid it.
  await postgres.query('checkpoint');
  return {
    postgres,
    fill: async () => {
      await limit(String(quota));
      await useUpPages(postgres);
    },
    fillForLog: () => limit('0'),
    free: () => limit('unlimited'),
    remove: () => Promise.resolve(),
  };
}

/** Inserts accounts of falling size until no page has room for another: then no row of `account` can be updated. */
async function useUpPages(postgres: OwnPostgres): Promise<void> {
  for (const size of [400, 100, 1]) {
    for (let refused = 0, added = 0; refused < 3 && added < 1_000; added++) {
      refused = await postgres
        .query(
          `insert into account (id, email, password_hash, status)
           select gen_random_uuid(), 'filler.${size}.${added}@example.com', repeat('x', ${size}), 'active'`,
        )
        .then(
          () => 0,
          () => refused + 1,
        );
    }
  }
}

/** @returns undefined where this process may not mount a file system, as in most containers. */
export async function onSmallFileSystem(): Promise<(() => Promise<SmallDisk>) | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-small-'));
  const mount = () => run('mount', ['-t', 'tmpfs', '-o', 'size=72m,mode=0711', 'tmpfs', folder]);
  const unmount = () => run('umount', ['--lazy', folder]);
  try {
    await mount();
    await unmount();
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return async () => {
    await run('mkdir', ['-p', folder]);
    await mount();
    const postgres = await OwnPostgres.start({ dataOn: folder });
    const filler = join(folder, 'filler');
    const fill = async () => {
      const file = await open(filler, 'a');
      // Large pieces first, because they are quicker; small ones fill the rest.
      for (const size of [1024 * 1024, 4096]) {
        const piece = Buffer.alloc(size);
        for (let full = false; !full; )
          full = await file.write(piece).then(
            () => false,
            () => true,
          );
      }
      await file.close();
    };
    return {
      postgres,
      fill,
      fillForLog: async () => {
        await useUpLog(postgres, fill);
      },
      free: () => rm(filler, { force: true }),
      remove: async () => {
        await unmount();
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}

/** Begins new WAL segments until there is no room for one: PostgreSQL may have made a few in advance. */
async function useUpLog(postgres: OwnPostgres, before: () => Promise<void>): Promise<void> {
  const begin = `select pg_logical_emit_message(true, 'fill', 'x'), pg_switch_wal()`;
  for (let hasRoom = true, segments = 0; hasRoom && segments < 100; segments++) {
    await before();
    hasRoom = await postgres.query(begin).then(
      () => true,
      () => false,
    );
  }
}
