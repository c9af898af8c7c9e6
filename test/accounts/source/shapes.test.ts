import { verify } from 'argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type App,
  endsOf,
  newPassword,
  oldHash,
  oldPassword,
  opens,
  ours,
  startBeside,
  users,
  usersShape,
} from './app.js';

interface Case {
  readonly what: string;
  readonly tables: string;
  readonly shape: Record<string, unknown>;
  /** The address that a person types, and the one that the app has stored. */
  readonly typed: string;
  readonly stored: string;
  /** SQL: the hash of that person, and everything else of the app's that must stay as it was. */
  readonly hash: string;
  readonly rest: string;
  readonly form: 'bcrypt' | 'argon2id';
}

const view = `
  create table people (nr integer primary key, mail text, secret text, gone boolean not null default false);
  insert into people values (7, 'Alice@Example.com', '${oldHash}'), (8, 'bob@example.com', '${oldHash}');
  create view recoverable as select nr as id, mail as email, secret as password_hash from people where not gone`;

const cases: readonly Case[] = [
  {
    what: 'a plain table with bigint ids',
    tables: users,
    shape: usersShape,
    typed: 'alice@example.com',
    stored: 'alice@example.com',
    hash: `select password as hash from users where email = 'alice@example.com'`,
    rest: `select json_agg(u order by u)::text as rest from (select id, email, language, deleted_at from users union all select id, email, password, updated_at from users where id = 42) u`,
    form: 'bcrypt',
  },
  {
    what: 'uuid ids, quoted names, capitals in the address, argon2id',
    tables: `create schema crm;
      create table crm."Users" (id uuid primary key default gen_random_uuid(), "eMail" text, "passwordHash" text, note text default 'a ? b');
      insert into crm."Users" ("eMail", "passwordHash") values ('Alice@Example.COM', '${oldHash}'), ('bob@example.com', '${oldHash}');
      create index on crm."Users" (lower("eMail"))`,
    shape: {
      table: 'crm."Users"',
      email: '"eMail"',
      passwordHash: '"passwordHash"',
      active: `note LIKE 'a ? b' AND note <> ':id'`,
    },
    typed: 'ALICE@example.com',
    stored: 'Alice@example.com',
    hash: `select "passwordHash" as hash from crm."Users" where "eMail" = 'Alice@Example.COM'`,
    rest: `select json_agg(u order by u)::text as rest from (select "eMail", note from crm."Users" union all select "eMail", "passwordHash" from crm."Users" where "eMail" like 'bob%') u`,
    form: 'argon2id',
  },
  {
    what: 'text ids with anything in them, citext, a NULL hash',
    tables: `create extension citext;
      create table member (id text primary key, email citext unique, password_hash text);
      insert into member values ('cl''1:"ä\\?', 'Alice@example.com', null), ('cl2', 'bob@example.com', '${oldHash}')`,
    shape: { table: 'member' },
    typed: 'alice@example.com',
    stored: 'Alice@example.com',
    hash: `select password_hash as hash from member where email = 'alice@example.com'`,
    rest: `select json_agg(m order by m)::text as rest from (select id, email from member union all select id, password_hash from member where id = 'cl2') m`,
    form: 'argon2id',
  },
  {
    what: 'hashes in a table of their own',
    tables: `
      create table "user" (id text primary key, email text, verified boolean not null default true, version int not null default 1);
      create table account (id serial primary key, "userId" text references "user" (id), "providerId" text, password text, "updatedAt" timestamptz);
      insert into "user" (id, email) values ('u1', 'alice@example.com'), ('u2', 'bob@example.com');
      insert into account ("userId", "providerId", password) values
        ('u1', 'github', null), ('u1', 'credential', '${oldHash}'), ('u2', 'credential', '${oldHash}')`
      .replaceAll('create table account', 'create table credentials')
      .replaceAll('insert into account', 'insert into credentials'),
    shape: {
      table: '"user"',
      passwordHash: 'password',
      active: 'verified',
      ends: ['version'],
      passwordTable: { table: 'credentials', accountId: '"userId"', where: `"providerId" = 'credential'` },
      set: { '"updatedAt"': 'now()' },
      also: ['UPDATE "user" SET version = version + 1 WHERE id = :id'],
      write: { format: 'bcrypt', cost: 4, prefix: '$2y$' },
    },
    typed: 'alice@example.com',
    stored: 'alice@example.com',
    hash: `select password as hash from credentials where id = 2`,
    rest: `select (select json_agg(u order by u)::text from (select id, email from "user") u) || (select json_agg(c)::text from (select * from credentials where id <> 2 order by id) c) as rest`,
    form: 'bcrypt',
  },
  {
    what: 'a view that can be updated',
    tables: view,
    shape: { table: 'recoverable', write: { format: 'bcrypt', cost: 4, prefix: '$2a$' } },
    typed: 'alice@example.com',
    stored: 'Alice@example.com',
    hash: `select secret as hash from people where nr = 7`,
    rest: `select json_agg(p order by nr)::text as rest from (select nr, mail, gone, case when nr = 8 then secret end from people) p`,
    form: 'bcrypt',
  },
  {
    what: 'a view with an INSTEAD OF trigger',
    tables: `${view};
      create function put() returns trigger language plpgsql as $$ begin
        update people set secret = new.password_hash where nr = old.id; return new; end $$;
      create trigger put instead of update on recoverable for each row execute function put()`,
    shape: { table: 'recoverable', write: { format: 'bcrypt', cost: 4 } },
    typed: 'alice@example.com',
    stored: 'Alice@example.com',
    hash: `select secret as hash from people where nr = 7`,
    rest: `select json_agg(p order by nr)::text as rest from (select nr, mail, gone, case when nr = 8 then secret end from people) p`,
    form: 'bcrypt',
  },
  {
    what: 'a hash in bytes, a domain as the type of the address',
    tables: `create domain address as varchar(200) check (value like '%@%');
      create table login (id smallint primary key, email address, password_hash bytea);
      insert into login values (1, 'alice@example.com', '${oldHash}'), (2, 'bob@example.com', '\\x00ff5c')`,
    shape: { table: 'login', write: { format: 'bcrypt', cost: 4 } },
    typed: 'alice@example.com',
    stored: 'alice@example.com',
    hash: `select convert_from(password_hash, 'UTF8') as hash from login where id = 1`,
    rest: `select json_agg(l order by l)::text as rest from (select id, email from login union all select id, password_hash::text from login where id = 2) l`,
    form: 'bcrypt',
  },
];

describe.each(cases)('beside $what', ({ tables, shape, typed, stored, hash, rest, form }) => {
  let app: App;
  beforeAll(async () => {
    app = await startBeside(tables, shape);
  });
  afterAll(() => app?.close());

  it('a person sets a new password that the app opens with, once, and nothing else of the app changes', async () => {
    const { database, inbox, redis, services } = { ...app, ...app.latchkey };
    const hashNow = async () => (await database.query<{ hash: string | null }>(hash))[0]?.hash;
    const others = async () => (await database.query<{ rest: string }>(rest))[0]?.rest;
    const before = await others();
    expect((await services.health()).parts).toMatchObject({ accounts: 'ok' });

    await app.latchkey.client.requestPasswordReset({ email: typed });
    const mail = await inbox.waitFor((each) => each.text.includes('#key='));
    expect(mail.to).toBe(stored);
    const [first = ''] = /(?<=#key=)[\w-]{43}/.exec(mail.text) ?? [];
    const sibling = await app.latchkey.keyFor(stored);
    expect(await app.latchkey.client.passwordResetKey(first)).toMatchObject({ __typename: 'ResetKeyValid' });
    const records = await Promise.all((await redis.keys('reset:*')).map((name) => redis.get(name)));
    expect(records.join()).not.toContain(oldHash);

    expect(await app.reset(first)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    const written = (await hashNow()) ?? '';
    expect(written.startsWith(form === 'bcrypt' ? '$2' : '$argon2id$')).toBe(true);
    const opensNow = (password: string) => (form === 'bcrypt' ? opens(written, password) : verify(written, password));
    expect([await opensNow(newPassword), await opensNow(oldPassword)]).toEqual([true, false]);
    expect(await others()).toBe(before);
    const notice = await inbox.waitFor((each) => !each.text.includes('#key='));
    expect(notice.to).toBe(stored);

    expect(await app.reset(sibling, 'another long phrase 77')).toMatchObject({ reason: 'SUPERSEDED' });
    expect(await app.reset(first, 'another long phrase 77')).toMatchObject({ reason: 'USED' });
    expect(await app.reset(first)).toMatchObject({ __typename: 'PasswordResetCompleted' }); // its answer was lost
    expect(await hashNow()).toBe(written);
    const events = await database.query<{ kind: string; account: string }>(
      `select kind, detail ->> 'account' as account from ${ours.events} where kind like 'reset.completed'`,
    );
    expect(events).toHaveLength(1);
    expect(events[0]?.account).toBe((await services.accounts.find({ email: typed.toLowerCase() }))?.id);
  });

  it('a stranger whose address nobody has gets no mail, and an answer alike', async () => {
    const asked = await app.latchkey.client.requestPasswordReset({ email: 'nobody@example.com' });
    expect(asked).toMatchObject({ __typename: 'PasswordResetRequested' });
    expect(await endsOf(app, 'nobody@example.com')).toEqual(['no-recipient']);
    expect(app.latchkey.inbox.mails().filter(({ to }) => to.includes('nobody@example.com'))).toEqual([]);
  });
});

it('what is set, and what is done also, is one commit with the password', async () => {
  const whole = await startBeside(
    `${users}; create table log (id bigint check (id <> 42), at timestamptz default now(), token_version int);
     create function bump() returns trigger language plpgsql as $$ begin
       new.token_version := (select token_version from users where id = new.id); return new; end $$;
     create trigger bump before insert on log for each row execute function bump()`,
    { ...usersShape, also: [...usersShape.also, 'INSERT INTO log (id) VALUES (:id)'] },
  );
  try {
    const key = await whole.latchkey.keyFor('alice@example.com');
    expect(await whole.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    const [done] = await whole.database.query(
      `select u.updated_at = l.at as same, u.token_version, l.token_version as seen,
              (select count(*)::int from sessions where user_id = u.id) as sessions from users u join log l using (id)`,
    );
    expect(done).toEqual({ same: true, token_version: 1, seen: 1, sessions: 0 });

    const refused = await whole.latchkey.keyFor('bob@example.com');
    expect(await whole.reset(refused)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    const [bob] = await whole.database.query(
      `select password, token_version, (select count(*)::int from sessions where user_id = users.id) as sessions,
              (select max(version) from ${ours.versions} where account_id = '42') as version from users where id = 42`,
    );
    expect(bob).toEqual({ password: oldHash, token_version: 0, sessions: 1, version: 1 });
    expect(whole.latchkey.logged()).toContain('also[1]');
    expect(whole.latchkey.logged()).toContain('23514');
    await whole.database.query('alter table log drop constraint log_id_check');
    expect(await whole.reset(refused)).toMatchObject({ __typename: 'PasswordResetCompleted' });
  } finally {
    await whole.close();
  }
});
