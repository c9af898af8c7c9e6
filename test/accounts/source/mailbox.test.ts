import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { type App, endsOf, oldHash, ours, startBeside, users, usersShape } from './app.js';

let app: App;
afterEach(() => app?.close());

const email = 'alice@example.com';
const mailsOf = () => app.latchkey.inbox.mails().filter(({ to }) => to === email);
const links = () => mailsOf().filter(({ text }) => text.includes('#key=')).length;
const notices = () => mailsOf().length - links();
const hash = async () => {
  const sql = 'select password from users where email = $1';
  return (await app.database.query<{ password: string }>(sql, [email]))[0]?.password;
};

describe('the mailbox, while the table of the app', () => {
  it('cannot be read: the request is tried again, and one mail comes of all tries', async () => {
    app = await startBeside(users, usersShape);
    await app.database.query('alter table users rename column email to address');
    await app.latchkey.client.requestPasswordReset({ email });
    const tryAgain = async (tries: number) => {
      await eventually(
        () =>
          app.database.query(
            `update ${ours.jobs} set start_after = now() where state = 'retry' and retry_count >= $1 returning 1`,
            [tries],
          ),
        ({ length }) => length > 0,
      );
    };
    for (const tries of [0, 1]) await tryAgain(tries);
    expect(mailsOf()).toEqual([]);
    expect(app.latchkey.logged()).toContain('42703');
    await app.database.query('alter table users rename column address to email');
    await app.database.query(`update ${ours.jobs} set start_after = now() where state = 'retry'`);
    expect(await endsOf(app, email)).toEqual(['sent']);
    expect([links(), notices()]).toEqual([1, 0]);
  });

  it('is locked by the app for long: the link comes once, refused tries mail nothing, the change is told once', async () => {
    app = await startBeside(users, usersShape);
    const theirs = await app.session();
    await theirs.query('begin');
    await theirs.query('select 1 from users where email = $1 for update', [email]);
    const key = await app.latchkey.keyFor(email);
    for (let tries = 0; tries < 2; tries++) {
      expect(await app.reset(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    }
    expect([await hash(), links(), notices()]).toEqual([oldHash, 1, 0]);
    await theirs.query('rollback');
    expect(await app.reset(key)).toMatchObject({ __typename: 'PasswordResetCompleted' });
    await app.latchkey.inbox.waitFor(({ to, text }) => to === email && !text.includes('#key='));
    expect([links(), notices()]).toEqual([1, 1]);
  });

  it('takes no new hash: every try is refused whole, and nobody is told of a change', async () => {
    app = await startBeside(
      `${users}; alter table users add constraint old_form check (password like '$2a$%' or password like '$2b$04$%')`,
      { ...usersShape, write: { format: 'bcrypt', cost: 5 } },
    );
    const key = await app.latchkey.keyFor(email);
    for (let tries = 0; tries < 2; tries++) {
      expect(await app.reset(key)).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    }
    expect(app.latchkey.logged()).toContain('23514 users old_form');
    const [{ jobs } = { jobs: -1 }] = await app.database.query<{ jobs: number }>(
      `select count(*)::int as jobs from ${ours.jobs} where name in ('credential-notice', 'overwrite-watch')`,
    );
    expect([await hash(), links(), notices(), jobs]).toEqual([oldHash, 1, 0, 0]);
  });
});
