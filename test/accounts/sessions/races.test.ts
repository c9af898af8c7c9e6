import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import { startApi } from '../../../src/api.js';
import { createServices } from '../../../src/services/services.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';

const password = 'the password that gets lost';
const byKey = 'set by the holder of the link';
const byOwner = 'changed by the one signed in';
let latchkey: TestLatchkey;
let people = 0;
beforeAll(async () => {
  latchkey = await startLatchkey();
});
afterAll(() => latchkey.close());

async function someone() {
  const email = `person.${++people}@example.com`;
  const id = await latchkey.signUp(email, password);
  return { email, id, key: await latchkey.keyFor(email), token: (await latchkey.signIn(email, password)) ?? '' };
}
const versionOf = async (id: string) =>
  (
    await latchkey.database.query<{ version: number }>(
      'select credential_version as version from account where id = $1',
      [id],
    )
  )[0]?.version;
const opens = async (email: string) => {
  const all = [password, byKey, byOwner];
  const tokens = await Promise.all(all.map((each) => latchkey.signIn(email, each)));
  return all.filter((_, index) => tokens[index]);
};

describe('a reset', () => {
  /** Makes `by` and waits for its answer at the moment in which the next call would begin to write. */
  function overtaking<T>(by: () => Promise<T>): Promise<T> {
    const { accounts } = latchkey.services;
    const { transaction } = accounts;
    return new Promise((resolve, reject) => {
      accounts.transaction = async (work) => {
        accounts.transaction = transaction;
        await by().then(resolve, reject);
        return transaction.call(accounts, work) as never;
      };
    });
  }

  // Shows: V-51
  it('that a change of the password overtakes changes nothing, and says so', async () => {
    const { email, id, key, token } = await someone();
    const changed = overtaking(() =>
      latchkey.as(token).changePassword({ currentPassword: password, newPassword: byOwner }),
    );
    expect(await latchkey.client.resetPassword({ key, password: byKey })).toMatchObject({
      __typename: 'InvalidResetKey',
      reason: 'SUPERSEDED',
    });
    expect(await changed).toMatchObject({ __typename: 'PasswordChanged' });
    expect([await opens(email), await versionOf(id)]).toEqual([[byOwner], 2]);
  });

  // Shows: V-51
  it('that overtakes a change of the password is the one that counts', async () => {
    const { email, id, key, token } = await someone();
    const reset = overtaking(() => latchkey.client.resetPassword({ key, password: byKey }));
    const change = await latchkey.as(token).changePassword({ currentPassword: password, newPassword: byOwner });
    expect(change).toMatchObject({ __typename: 'Unauthenticated' });
    expect(await reset).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect([await opens(email), await versionOf(id)]).toEqual([[byKey], 2]);
    expect(await latchkey.as(token).me()).toBeNull();
  });

  // Shows: V-34, V-51
  it('that commits while a sign-in verifies the old password leaves that session dead', async () => {
    const { email, key } = await someone();
    const { accounts } = latchkey.services;
    const { findToOpen } = accounts;
    accounts.findToOpen = async (where) => {
      const found = await findToOpen.call(accounts, where);
      accounts.findToOpen = findToOpen;
      const answer = await latchkey.client.resetPassword({ key, password: byKey });
      expect(answer).toMatchObject({ __typename: 'PasswordResetCompleted' });
      return found;
    };
    const token = await latchkey.signIn(email, password);
    // The old password was right when it was read: there is a token, and it opens nothing.
    expect(token).toBeTypeOf('string');
    expect(await latchkey.as(token ?? '').me()).toBeNull();
    expect(await opens(email)).toEqual([byKey]);
  });

  // Shows: R-33, V-34, ASVS 7.4.1
  it('at one process ends the sessions at every other one, in the same moment', async () => {
    const services = createServices(latchkey.settings, { log: () => latchkey.services.log });
    const api = await startApi(latchkey.settings, services);
    try {
      const { email, key, token } = await someone();
      const there = createLatchkeyClient({ url: api.url, accessToken: () => token });
      const signedIn = await createLatchkeyClient({ url: api.url }).signIn({ email, password });
      if (signedIn.__typename !== 'SignedIn') throw new Error(signedIn.__typename);
      const tokens = [token, signedIn.accessToken];
      expect(await there.me()).toMatchObject({ email });
      await latchkey.client.resetPassword({ key, password: byKey });
      for (const each of tokens) {
        for (const url of [latchkey.url, api.url])
          expect(await createLatchkeyClient({ url, accessToken: () => each }).me()).toBeNull();
      }
    } finally {
      await api.close();
      await services.close();
    }
  });
});
