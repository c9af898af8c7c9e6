import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killAll, Latchkey, main } from '../../support/processes.js';
import { createEmptyDatabase, type TestDatabase } from '../../support/stores.js';
import { makeTables } from './adopting.js';

/** util-linux runs a command on a pseudo-terminal of its own; others have a `script` with other options. */
const script = '/usr/bin/script';
const hasScript = process.platform === 'linux' && existsSync(script);

describe.skipIf(!hasScript)('on a terminal, latchkey adopt (needs the script of util-linux)', () => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-terminal-'));
    database = await createEmptyDatabase();
    await makeTables(
      database,
      `create table members (id int primary key, email text, password text);
       create table users (id int primary key, email text, password text)`,
    );
  });
  afterAll(async () => {
    await killAll();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (file: string) => {
    const command = `'${process.execPath}' '${main}' adopt --output ${file}`;
    const settings = { DATABASE_URL: database.url, TERM: 'dumb' };
    return Latchkey.of('/dev/null', [], { node: [script, '-qec', command], settings, cwd: folder, hasInput: true });
  };
  const table = /the table of the accounts: $/;
  const form = /how a new hash is written, so that the app reads it: $/;

  it('asks what it cannot know, and takes a number or what is typed', async () => {
    const adopt = start('accounts.json');
    await adopt.said(table);
    expect(adopt.output).toContain('  1  public.members\r\n  2  public.users\r\n');
    adopt.input.write('2\r');
    await adopt.said(form);
    adopt.input.write(' bcrypt:12 \r');
    expect(await adopt.ended).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(join(folder, 'accounts.json'), 'utf8'))).toEqual({
      table: 'public.users',
      passwordHash: 'password',
      write: { format: 'bcrypt', cost: 12, prefix: '$2b$' },
    });
  });

  it.each([
    ['the end of the input', '\x04', 2, 'the table of the accounts has to be chosen; one of'],
    ['the key that interrupts', '\x03', 2, 'the table of the accounts has to be chosen; one of'],
    ['a number that is not in the list', '3\r', 1, '--table: there is no table or view 3'],
  ])('ends with what is open, and writes nothing: %s', async (_what, typed, code, said) => {
    const adopt = start('other.json');
    await adopt.said(table);
    adopt.input.write(typed);
    expect(await adopt.ended).toMatchObject({ code });
    expect(adopt.output).toContain(`latchkey: ${said}`);
    expect(existsSync(join(folder, 'other.json'))).toBe(false);
  });
});
