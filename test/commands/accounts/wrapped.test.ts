import { hash as digestOf } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import type { ImportOptions } from '../../../src/commands/accounts/import/import.js';
import { cheapArgon2, importDatabase, importLines } from '../../support/imports.js';

const password = 'seven sleeping dormice';
const md5 = { digest: 'md5', hex: digestOf('md5', password) };
const sha1 = { digest: 'sha1', hex: digestOf('sha1', `pepper${password}`), salt: 'pepper', order: 'salt-first' };
const sha256 = { digest: 'sha256', hex: digestOf('sha256', `${password}grains`), salt: 'grains', order: 'salt-last' };

const at = importDatabase();

/** Imports a line for each hash. @returns the counts, and what was refused. */
async function run(users: Readonly<Record<string, unknown>>, options: ImportOptions = {}) {
  const lines = Object.entries(users).map(([name, hash]) => ({ email: `${name}@example.com`, hash }));
  const { ended, added, present, updated, refusals } = await importLines(at.orm, lines, options);
  return { ended, added, present, updated, refusals };
}
const none = { ended: 'complete', added: 0, present: 0, updated: 0, refusals: [] };
async function stored(): Promise<string[]> {
  const rows = await at.database.query<{ hash: string }>('select password_hash as hash from account order by email');
  return rows.map(({ hash }) => hash);
}
const opens = (hash: string | undefined, text: string) =>
  new PasswordHash(cheapArgon2, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 })).verify(hash, text, {
    urgency: 'other',
  });

describe('digests of one round', () => {
  it('are stored wrapped, and open with their password alone', async () => {
    const users = { k: md5, l: sha1, m: sha256, n: null };
    expect(await run(users, { dryRun: true })).toEqual({ ...none, added: 4 });
    expect(await stored()).toEqual([]);
    expect(await run(users)).toEqual({ ...none, added: 4 });
    const hashes = await stored();
    expect(hashes[3]).toBeNull();
    for (const [index, { hex, digest }] of [md5, sha1, sha256].entries()) {
      expect(hashes[index]).toMatch(new RegExp(`^\\$wrapped\\$d=${digest}[^$]*\\$argon2id\\$v=19\\$m=1024,t=2,p=1\\$`));
      expect(hashes[index]).not.toContain(hex);
      expect(await opens(hashes[index], password)).toBe(true);
      expect(await opens(hashes[index], hex)).toBe(false);
    }
    const forms = await at.database.query<{ form: string }>('select form from password_form');
    expect(forms.map(({ form }) => form)).toContain('wrapped m=1024,t=2,p=1');
  });

  it('of two people with one password are not alike, and of one account always the same', async () => {
    await run({ a: md5, b: md5 });
    const before = await stored();
    expect(before[0]?.split('$').at(-2)).not.toBe(before[1]?.split('$').at(-2));
    expect(await run({ a: md5, b: md5 })).toEqual({ ...none, present: 2 });
    expect(await run({ a: md5, b: md5 }, { update: true, dryRun: true })).toEqual({ ...none, present: 2 });
    const other = { digest: 'md5', hex: digestOf('md5', 'another password') };
    expect(await run({ a: md5, b: other }, { update: true })).toEqual({ ...none, present: 1, updated: 1 });
    const after = await stored();
    expect(after[0]).toBe(before[0]);
    expect(await opens(after[1], 'another password')).toBe(true);
  });

  it('are many in one batch, with others between them, each for its own account', async () => {
    const names = Array.from({ length: 130 }, (_, index) => `p${String(index).padStart(3, '0')}`);
    const users = Object.fromEntries(
      names.map((name, index) => [name, index % 3 === 0 ? null : { digest: 'sha1', hex: digestOf('sha1', name) }]),
    );
    expect(await run(users)).toEqual({ ...none, added: 130 });
    const hashes = await stored();
    for (const index of [1, 2, 76, 128]) expect(await opens(hashes[index], names[index] ?? '')).toBe(true);
    expect(hashes.filter((hash) => hash === null)).toHaveLength(44);
  });

  it('that are none are refused by their line, without a part of them', async () => {
    const wrong = {
      a: { ...md5, hex: md5.hex.slice(1) },
      b: { ...md5, digest: 'sha512' },
      c: { ...sha1, order: undefined },
      d: [md5],
      e: { ...md5, extra: 1 },
    };
    const { added, refusals } = await run({ ...wrong, z: md5 });
    expect(added).toBe(1);
    expect(refusals).toHaveLength(5);
    expect(refusals.join()).not.toContain(md5.hex.slice(1, 8));
  });
});
