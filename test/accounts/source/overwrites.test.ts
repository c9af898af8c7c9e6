import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobChannel } from '../../support/databases.js';
import { eventually } from '../../support/eventually.js';
import { type App, oldHash, ours, somebody, startBeside, users, usersShape } from './app.js';

let app: App;
beforeAll(async () => {
  app = await startBeside(users, usersShape);
});
afterAll(() => app?.close());

/** The end of the second look at a reset of this account, which is due now instead of in a minute. */
async function secondLook(id: string): Promise<string> {
  const [due] = await app.database.query<{ soon: boolean }>(
    `select start_after > now() + interval '30 seconds' as soon from ${ours.jobs} where name = 'overwrite-watch' and data ->> 'accountId' = $1`,
    [id],
  );
  expect(due).toEqual({ soon: true });
  await app.database.query(
    `with due as (update ${ours.jobs} set start_after = now() where name = 'overwrite-watch' and state < 'active' returning name)
     select pg_notify(${jobChannel}, name) from due`,
  );
  const rows = await eventually(
    () =>
      app.database.query<{ outcome: string | null }>(
        `select output ->> 'outcome' as outcome from ${ours.jobs}
          where name = 'overwrite-watch' and data ->> 'accountId' = $1 order by data -> 'version'`,
        [id],
      ),
    (found) => found.every(({ outcome }) => outcome),
  );
  return rows.map(({ outcome }) => outcome).join(' ');
}

const warned = (id: string) =>
  app.latchkey
    .logged()
    .split('\n')
    .filter((line) => line.includes('app-wrote-over-reset') && line.includes(`"accountId":"${id}"`));

it('a reset that the app leaves alone is looked at twice, and nobody is warned', async () => {
  await app.reset(await app.latchkey.keyFor('alice@example.com'));
  await app.latchkey.inbox.waitFor(({ to, text }) => to === 'alice@example.com' && !text.includes('#key='));
  expect(await secondLook('41')).toBe('unchanged');
  expect(warned('41')).toEqual([]);
});

it('an app that saves what it read before puts the old password back, and the operator is warned', async () => {
  await app.reset(await app.latchkey.keyFor('bob@example.com'));
  await app.database.query('update users set password = $1 where id = 42', [oldHash]);
  expect(await secondLook('42')).toBe('overwritten');
  expect(warned('42').length).toBeGreaterThan(0);
  expect((await app.latchkey.services.metrics.text()).body).toMatch(
    /latchkey_alarms_total\{alarm="app-wrote-over-reset"\} [1-9]/,
  );
  const stored = await app.database.query(`select data::text from ${ours.jobs}`);
  expect(JSON.stringify(stored)).not.toContain(oldHash);
});

it('also where the owner, whom the new password does not let in, sets another within the minute', async () => {
  const { id, email } = await somebody(app);
  const second = 'another quiet lantern 43';
  await app.reset(await app.latchkey.keyFor(email));
  await app.database.query('update users set password = $1 where id = $2', [oldHash, id]);
  await app.reset(await app.latchkey.keyFor(email), second);
  const token = (await app.latchkey.signIn(email, second)) ?? '';
  await app.latchkey.as(token).changePassword({ currentPassword: second, newPassword: 'a third quiet lantern 44' });
  expect(await secondLook(id)).toBe('overwritten unchanged unchanged');
  expect(warned(id).length).toBeGreaterThan(0);
});

it('two resets within a minute are no overwriting, for the first as little as for the second', async () => {
  const { id, email } = await somebody(app);
  await app.reset(await app.latchkey.keyFor(email));
  await app.reset(await app.latchkey.keyFor(email), 'another quiet lantern 43');
  expect(await secondLook(id)).toBe('unchanged unchanged');
  expect(warned(id)).toEqual([]);
});
