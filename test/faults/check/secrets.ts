import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tablesOf } from '../../support/databases.js';
import { SecretSearch } from '../../support/secret-search.js';
import { passwordMark } from '../accounts.js';
import type { Stage } from '../stage.js';
import type { Violation } from './violation.js';

/**
 * Looks for every key, as text and as its 32 bytes, and for every password in everything that outlives a call: all of
 * the database, the files of Redis, the logs.
 */
export async function checkSecrets(stage: Stage): Promise<{ violations: Violation[]; bytes: number }> {
  const search = new SecretSearch();
  search.addMark(passwordMark, 'a password');
  for (const { key } of stage.recording.taken) {
    if (!key) continue;
    search.addSecret(Buffer.from(key), 'a key');
    search.addSecret(Buffer.from(key, 'base64url'), 'a key');
  }
  const found = new Set<string>();
  let bytes = 0;
  const look = (where: string) => {
    const see = search.open();
    return (chunk: Buffer) => {
      bytes += chunk.length;
      for (const what of see(chunk)) found.add(`${what} in ${where}`);
    };
  };
  for (const { name, path } of await filesOf(stage.folder)) {
    const see = look(name);
    for await (const chunk of createReadStream(path)) see(chunk as Buffer);
  }
  for (const table of await tablesOf(stage.postgres)) await copyOut(stage, table, look(`the table ${table}`));
  return { bytes, violations: [...found].map((text) => ({ check: 'secrets', at: Date.now(), text })) };
}

async function filesOf(folder: string): Promise<{ name: string; path: string }[]> {
  const found: { name: string; path: string }[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    // PostgreSQL's own files may hold values compressed; the tables are read row by row instead.
    if (entry.isFile() && (name.startsWith('redis/') || name.endsWith('.log'))) found.push({ name, path });
  }
  return found;
}

/** Reads the table as JSON, 5,000 rows at a time. */
async function copyOut({ postgres }: Stage, table: string, see: (chunk: Buffer) => void): Promise<void> {
  const atOnce = 5_000;
  for (let offset = 0; ; offset += atOnce) {
    const rows = await postgres.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${table} t order by ctid offset ${offset} limit ${atOnce}`,
    );
    see(Buffer.from(rows.map(({ row }) => row).join('\n')));
    if (rows.length < atOnce) return;
  }
}
