import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { checkShape } from '../../../src/accounts/source/check.js';
import { packageFolder } from '../../../src/package-files.js';
import { openDatabase } from '../../../src/services/database.js';
import { readShape } from '../../../src/settings/accounts/read-shape.js';
import { createDatabase } from '../../support/stores.js';
import { type App, newPassword, oldHash, oldPassword, opens, startBeside } from './app.js';

const page = readFileSync(join(packageFolder, 'docs/adopt.md'), 'utf8');

/** The SQL and the shape in a section of the page. The roles of its GRANTs are `role`, which the cluster has once. */
function section(heading: string, role: string): { sql: string; shape: object } {
  const [, after = ''] = page.split(`\n### ${heading}\n`);
  const block = (language: string) =>
    new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(after)?.[1] ?? '';
  return { sql: block('sql').replaceAll(/latchkey_(?:api|worker)/g, role), shape: JSON.parse(block('json')) };
}

interface Case {
  readonly heading: string;
  readonly tables: string;
  /** SQL: the hashes by address, and everything else. */
  readonly hashes: string;
  readonly rest: string;
}

const cases: readonly Case[] = [
  {
    heading: 'An address that is no column',
    tables: `create table members (id uuid primary key default gen_random_uuid(), profile jsonb not null, password_hash text, locked boolean not null default false);
      insert into members (profile, password_hash, locked) values ('{"email": "alice@example.com"}', '${oldHash}', false),
        ('{"email": "bob@example.com"}', '${oldHash}', false), ('{"email": "eve@example.com"}', '${oldHash}', true)`,
    hashes: `select lower(profile ->> 'email') as email, password_hash as hash from members`,
    rest: 'select json_agg(m order by id)::text as rest from (select id, profile, locked from members) m',
  },
  {
    heading: 'A hash that no column holds as it is',
    tables: `create table members (id serial primary key, email text);
      create table credentials (member_id int references members, kind text, data jsonb);
      insert into members (email) values ('alice@example.com'), ('bob@example.com');
      insert into credentials select id, 'password', jsonb_build_object('hash', '${oldHash}', 'since', 2019) from members;
      insert into credentials select id, 'otp', '{"hash": "of another kind"}' from members`,
    hashes: `select email, data ->> 'hash' as hash from members join credentials on member_id = id where kind = 'password'`,
    rest: `select json_agg(c order by member_id, kind)::text as rest from
      (select member_id, kind, case when kind = 'password' then data - 'hash' else data end from credentials) c`,
  },
];

let app: App | undefined;
let role = '';
afterEach(async () => {
  // Without an app its database is gone, and with it all that the role was granted.
  if (app) await app.database.query(`drop owned by ${role}; drop role ${role}`);
  await app?.close();
  app = undefined;
});

it.each(cases)('$heading: the view of the page takes a reset', async ({ heading, tables, hashes, rest }) => {
  role = `reader_${process.pid}_${Date.now()}`;
  const { sql, shape } = section(heading, role);
  const database = await createDatabase();
  await database.query(`create role ${role} login password 'x'`);
  const beside = await startBeside(`${tables}; ${sql}`, shape, { database });
  app = beside;
  const hashOf = async (address: string) => {
    const rows = await database.query<{ email: string; hash: string }>(hashes);
    return rows.find(({ email }) => email === address)?.hash;
  };
  const others = async () => [await database.query(rest), await hashOf('bob@example.com')];
  const before = await others();

  const key = await beside.latchkey.keyFor('alice@example.com');
  expect(await beside.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
  const written = await hashOf('alice@example.com');
  expect([opens(written, newPassword), opens(written, oldPassword)]).toEqual([true, false]);
  expect(await others()).toEqual(before);
  expect(await beside.reset(key, 'another long phrase 77')).toMatchObject({ reason: 'USED' });

  // With the GRANTs of the page nothing of the app is missing.
  const theirs = openDatabase(Object.assign(new URL(database.url), { username: role, password: 'x' }).href, {
    poolSize: 1,
  });
  try {
    const reading = readShape(shape);
    if (reading.kind !== 'Read') throw new Error(JSON.stringify(reading.faults));
    const both = { findsByAddress: true, resets: true };
    await database.query(`grant usage on schema latchkey to ${role}; grant all on latchkey.adopted_account to ${role}`);
    expect(await checkShape(theirs, reading.shape, both, 60)).toEqual({ faults: [], forbidden: [] });
  } finally {
    await theirs.close(true);
  }
});
