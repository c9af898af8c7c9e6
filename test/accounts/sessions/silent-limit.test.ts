import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';

const password = 'the password that gets lost';
const renewed = 'a quite new password';
const most = 4;
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({
    env: {
      TRUST_PROXY: '127.0.0.1',
      LIMIT_SIGN_IN_PER_ADDRESS: `${most}/86400`,
      LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: '3/900',
      LIMIT_SIGN_IN_PER_DEVICE: '2/900',
    },
  });
});
afterAll(() => latchkey.close());

/** A client with its own IP address, as a trusted proxy names it. */
const from = (address: string, accessToken?: string) =>
  createLatchkeyClient({
    url: latchkey.url,
    headers: { 'x-forwarded-for': address },
    accessToken: () => accessToken,
  });
let hosts = 0;
const elsewhere = () => `203.0.${Math.floor(++hosts / 200)}.${(hosts % 200) + 1}`;
const tryWrong = (email: string, address = elsewhere(), device: string | null = null) =>
  from(address).signIn({ email, password: 'wrong horse battery', device });
const signIn = (email: string, { device = null as string | null, text = password, address = elsewhere() } = {}) =>
  from(address).signIn({ email, password: text, device });
const useUp = async (email: string) => {
  for (let each = 0; each < most + 2; each++) await tryWrong(email);
};

describe('the limit per address', () => {
  it('refuses the right password without a word, and a completed reset begins it anew, from any device', async () => {
    const email = 'laptop@example.com';
    await latchkey.signUp(email, password);
    await useUp(email);
    expect(await signIn(email)).toEqual(await tryWrong('nobody@example.com'));
    const key = await latchkey.keyFor(email);
    const reset = await from('198.51.100.1').resetPassword({ key, password: renewed });
    expect(reset).toMatchObject({ __typename: 'PasswordResetCompleted', device: expect.any(String) });
    expect(await signIn(email, { text: renewed })).toMatchObject({ __typename: 'SignedIn' });
  });

  // Shows: V-15
  it('tells nothing of what its owner does: strangers, and neighbours of the owner, see the same sequence for every address', async () => {
    const [known, unknown] = ['seen@example.com', 'unseen@example.com'];
    await latchkey.signUp(known, password);
    const home = '198.51.100.20';
    const answers: Record<string, unknown[]> = { [known]: [], [unknown]: [] };
    /** Sign-ins of a stranger with many IP addresses, and some from the owner's IP address. */
    const probe = async (email: string, neighbour: string) => {
      for (let each = 0; each < 3; each++) answers[email]?.push(await tryWrong(email));
      answers[email]?.push(await tryWrong(email, neighbour));
    };
    const both = async () => {
      await probe(known, home);
      await probe(unknown, '198.51.100.21');
    };
    const first = await signIn(known, { address: home });
    await both();
    const device = first.__typename === 'SignedIn' ? (first.device ?? null) : null;
    expect((await signIn(known, { address: home, device })).__typename).toBe('SignedIn');
    await both();
    const key = await latchkey.keyFor(known);
    await from(home).resetPassword({ key, password: renewed });
    const opened = await signIn(known, { text: renewed, address: home });
    expect(opened.__typename).toBe('SignedIn');
    await both();
    const token = opened.__typename === 'SignedIn' ? opened.accessToken : '';
    const wrong = { currentPassword: 'wrong horse battery', newPassword: password };
    await from(home, token).changePassword(wrong);
    const changed = await from(home, token).changePassword({ ...wrong, currentPassword: renewed });
    expect(changed.__typename).toBe('PasswordChanged');
    await both();
    expect(JSON.stringify(answers[known]).replaceAll(/in (900|89\d)|:(900|89\d)/g, 'T')).toBe(
      JSON.stringify(answers[unknown]).replaceAll(/in (900|89\d)|:(900|89\d)/g, 'T'),
    );
    expect(new Set(answers[known]?.slice(0, 3).map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  // Shows: V-15
  it('keeps the points of a right password that it refuses, so that the loud limits tell nothing either', async () => {
    const email = 'right@example.com';
    await latchkey.signUp(email, password);
    await useUp(email);
    const kinds = async (text: string, address: string) => {
      const all = [];
      for (let each = 0; each < 5; each++) all.push((await signIn(email, { text, address })).__typename);
      return all;
    };
    const [right, wrong] = [await kinds(password, elsewhere()), await kinds('wrong horse battery', elsewhere())];
    expect(right).toEqual(wrong);
    expect(right.slice(2)).toEqual(['InvalidCredentials', 'TooManyRequests', 'TooManyRequests']);
  });
});

describe('a device', () => {
  const deviceOf = async (email: string, text = password) => {
    const answer = await signIn(email, { text });
    if (answer.__typename !== 'SignedIn' || !answer.device) throw new Error(answer.__typename);
    return answer.device;
  };

  // Shows: V-23
  it('lets its owner in whatever strangers tried, until it has mistyped too often itself', async () => {
    const email = 'device@example.com';
    await latchkey.signUp(email, password);
    const device = await deviceOf(email);
    await useUp(email);
    expect((await signIn(email)).__typename).toBe('InvalidCredentials');
    expect((await signIn(email, { device })).__typename).toBe('SignedIn');
    await tryWrong(email, elsewhere(), device);
    await tryWrong(email, elsewhere(), device);
    // Over its own limit the device counts as none, and the limit of the address still refuses.
    expect((await signIn(email, { device })).__typename).toBe('InvalidCredentials');
  });

  it('is as good as none for another account, after a change of the password, and when it is made up', async () => {
    const [mine, theirs] = ['mine@example.com', 'theirs@example.com'];
    await latchkey.signUp(mine, password);
    await latchkey.signUp(theirs, password);
    const device = await deviceOf(mine);
    await useUp(theirs);
    for (const wrong of [device, 'A'.repeat(43), 'x', '', ' '.repeat(5_000)]) {
      expect(await signIn(theirs, { device: wrong })).toEqual(await signIn(theirs));
    }
    const session = await signIn(mine);
    const token = session.__typename === 'SignedIn' ? session.accessToken : '';
    const changed = await from(elsewhere(), token).changePassword({ currentPassword: password, newPassword: renewed });
    if (changed.__typename !== 'PasswordChanged') throw new Error(changed.__typename);
    await useUp(mine);
    expect((await signIn(mine, { device, text: renewed })).__typename).toBe('InvalidCredentials');
    expect((await signIn(mine, { device: changed.device, text: renewed })).__typename).toBe('SignedIn');
  });

  it('goes with a request for a link, where nobody but the worker looks at more than its shape', async () => {
    const email = 'asks@example.com';
    await latchkey.signUp(email, password);
    const device = await deviceOf(email);
    for (const each of [device, 'no device', undefined])
      await from(elsewhere()).requestPasswordReset({ email, ...(each ? { device: each } : {}) });
    const rows = await latchkey.database.query<{ device: string | null }>(
      `select data ->> 'device' as device from job where data ->> 'email' = $1 order by created_on`,
      [email],
    );
    expect(rows.map((row) => row.device).sort()).toEqual([device, null, null].sort());
  });
});
