import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateUp } from '../../../src/services/migrate.js';
import { users, usersShape } from '../../accounts/source/app.js';
import { type RoleDatabase, roleDatabase } from '../../services/own-schema/role-database.js';
import { Latchkey } from '../../support/processes.js';
import { adoptIn, grantsIn, makeTables, rehearseIn } from './adopting.js';

const accounts = { ...usersShape, write: { format: 'bcrypt', cost: 4, prefix: '$2b$' } } as const;

/** A table whose owner is somebody else, and a policy that shows our role those who speak German. */
let database: RoleDatabase;
beforeAll(async () => {
  database = await roleDatabase();
  await migrateUp(database.url);
  await makeTables(
    database,
    `${users}; alter table users enable row level security; create policy theirs on users using (language = 'de')`,
  );
});
afterAll(() => database?.drop());

it('GRANTs for a table with row-level security end with BYPASSRLS, and say why', async () => {
  const grants = await grantsIn(database.adminUrl, accounts);
  const from = grants.findIndex((line) => line.startsWith('-- Row-level security'));
  expect(grants.slice(from)).toEqual([
    '-- Row-level security hides rows of public.users from roles that do not pass by it; as a superuser:',
    'ALTER ROLE "latchkey_migrate" BYPASSRLS;',
    'ALTER ROLE "latchkey_api" BYPASSRLS;',
    'ALTER ROLE "latchkey_worker" BYPASSRLS;',
  ]);
});

it('a role from which rows are hidden is told so, and once it passes by them it has all that it needs', async () => {
  const grants = (await grantsIn(database.adminUrl, accounts)).map((line) =>
    line.replaceAll(/"latchkey_(?:migrate|api|worker)"/g, database.role),
  );
  const isLast = (line: string) => line.endsWith('BYPASSRLS;');
  await database.query(grants.filter((line) => !isLast(line)).join('\n'));
  await database.query(`grant select on public.users, public.sessions to ${database.role}`);
  const adopt = await Latchkey.run(['adopt', '--output', '-'], { DATABASE_URL: database.url });
  expect(adopt).toMatchObject({ code: 1, output: '' });
  expect(adopt.errors).toMatch(
    /^latchkey: .*row-level security policy for table "users": DATABASE_URL has to be that of a role that reads every row/,
  );
  expect(await rehearseIn(database.url, accounts)).toMatchObject({
    faults: [{ key: 'table', fault: expect.stringContaining('give the role BYPASSRLS') }],
    changes: undefined,
  });

  await database.query(grants.filter(isLast).join('\n'));
  expect((await adoptIn(database.url)).survey.rows).toBe(2);
  expect(await rehearseIn(database.url, accounts, { account: '42' })).toMatchObject({
    faults: [],
    changes: { columns: ['password', 'updated_at', 'token_version'] },
  });
});
