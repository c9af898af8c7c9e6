import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { passwordMark } from '../accounts.js';
import type { Stage } from '../stage.js';
import type { Violation } from './violation.js';

const signatureLength = 20;

/**
 * Looks for every key and every password in what outlives a call: the whole database, the files of Redis, the logs.
 * In raw, URL, base64, base64url, hex and JSON forms; of keys also their 32 bytes.
 */
export async function checkSecrets(stage: Stage): Promise<{ violations: Violation[]; bytes: number }> {
  const signatures = new Map<string, string>();
  const add = (text: string, what: string) => {
    if (text.length >= signatureLength) signatures.set(text.slice(0, signatureLength), what);
  };
  for (const { key } of stage.recording.taken) {
    if (!key) continue;
    for (const bytes of [Buffer.from(key), Buffer.from(key, 'base64url')]) addForms(bytes, 'a key', add);
    add(key, 'a key');
  }
  const marks = markForms();
  const violations: Violation[] = [];
  let bytes = 0;
  const look = (where: string) => {
    let rest = '';
    return (chunk: Buffer) => {
      bytes += chunk.length;
      const text = rest + chunk.toString('latin1');
      for (const mark of marks) {
        if (text.includes(mark)) violations.push({ check: 'secrets', at: Date.now(), text: `a password in ${where}` });
      }
      for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{20,}/g)) {
        for (let from = 0; from + signatureLength <= run.length; from++) {
          const what = signatures.get(run.slice(from, from + signatureLength));
          if (what) violations.push({ check: 'secrets', at: Date.now(), text: `${what} in ${where}` });
        }
      }
      rest = text.slice(-256);
    };
  };
  for (const { name, path } of await filesOf(stage.folder)) {
    const see = look(name);
    for await (const chunk of createReadStream(path)) see(chunk as Buffer);
  }
  for (const table of await tablesOf(stage)) await copyOut(stage, table, look(`table ${table}`));
  const seen = new Set<string>();
  return { bytes, violations: violations.filter(({ text }) => !seen.has(text) && seen.add(text)) };
}

function addForms(bytes: Buffer, what: string, add: (text: string, what: string) => void): void {
  add(bytes.toString('hex'), what);
  add(bytes.toString('hex').toUpperCase(), what);
  // base64 depends on what stands before; three shifts are all there are.
  for (let shift = 0; shift < 3; shift++) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const whole = shift === 0 ? 0 : 4;
    for (const form of ['base64', 'base64url'] as const) add(shifted.toString(form).slice(whole), what);
  }
}

function markForms(): string[] {
  const forms = new Set<string>([passwordMark, encodeURIComponent(passwordMark)]);
  const bytes = Buffer.from(passwordMark);
  forms.add(bytes.toString('hex'));
  forms.add(bytes.toString('hex').toUpperCase());
  for (let shift = 0; shift < 3; shift++) {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and last characters carry bits of the neighbours.
    forms.add(text.slice(Math.ceil((shift * 8) / 6), -1));
  }
  return [...forms];
}

async function filesOf(folder: string): Promise<{ name: string; path: string }[]> {
  const found: { name: string; path: string }[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    // PostgreSQL's own files hold what its tables hold, packed; these are read by COPY.
    if (entry.isFile() && (name.startsWith('redis/') || name.endsWith('.log'))) found.push({ name, path });
  }
  return found;
}

async function tablesOf({ postgres }: Stage): Promise<string[]> {
  const rows = await postgres.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  return rows.map(({ name }) => name);
}

/** Row by row as JSON. */
async function copyOut({ postgres }: Stage, table: string, see: (chunk: Buffer) => void): Promise<void> {
  for (let offset = 0; ; offset += 5_000) {
    const rows = await postgres.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${table} t order by ctid offset ${offset} limit 5000`,
    );
    see(Buffer.from(rows.map(({ row }) => row).join('\n')));
    if (rows.length < 5_000) return;
  }
}
