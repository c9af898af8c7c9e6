import { documents, type Mutation } from '../../attack.js';
import type { Attack } from '../attack.js';
import type { Caller } from '../caller.js';
import { isTaken, signIn, tokenOf } from '../owner.js';
import { newPassword, password, type Stage } from '../stage.js';

const wrong = 'not the password of anybody';
const told = {
  signIn:
    'mutation($input: SignInInput!) { signIn(input: $input) { __typename ... on UserError { code message } ... on TooManyRequests { retryAfterSeconds } } }',
  requestPasswordReset:
    'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename ... on PasswordResetRequested { keyLifetimeSeconds askAgainAfterSeconds } ... on UserError { code message } ... on TooManyRequests { retryAfterSeconds } } }',
};

/** Everything of an answer but the date, the request's id, and seconds that pass meanwhile. */
async function answerTo(caller: Caller, query: string, input: object): Promise<string> {
  const { status, headers, body } = await caller.post({ query, variables: { input } });
  const kept = Object.entries(headers).filter(([name]) => name !== 'date' && name !== 'x-request-id');
  return JSON.stringify([status, kept, body]);
}

/** Addresses of every class that a stranger would like to tell apart. */
async function classes(stage: Stage): Promise<Record<string, string>> {
  const disabled = await stage.account();
  await stage.database.query(`update account set status = 'disabled' where id = $1`, [disabled.id]);
  const asked = await stage.account();
  for (let count = 0; count < 6; count++) await stage.stranger().client.requestPasswordReset({ email: asked.email });
  await stage.settled();
  return {
    known: (await stage.account()).email,
    unknown: stage.address(),
    disabled: disabled.email,
    'known, over its budget of mails': asked.email,
    'without a password': (await stage.account(undefined, null)).email,
    'with a hash nobody reads': (
      await stage.account(undefined, '$2x$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW')
    ).email,
    'another unknown': stage.address(),
  };
}

const answers: Attack = {
  ids: ['V-14', 'B8'],
  title: 'telling who has an account by the answers',
  needs: 'stage',
  run: async (stage, findings) => {
    const all = await classes(stage);
    const inputs: [string, Mutation | keyof typeof told, (email: string) => object][] = [
      ['a request', 'requestPasswordReset', (email) => ({ email })],
      ['a request in a language', 'requestPasswordReset', (email) => ({ email, locale: 'de' })],
      ['a request with a device', 'requestPasswordReset', (email) => ({ email, device: 'A'.repeat(43) })],
      ['a sign-up', 'signUp', (email) => ({ email, password: newPassword })],
      ['a sign-up with a weak password', 'signUp', (email) => ({ email, password: 'short' })],
      ['a wrong sign-in', 'signIn', (email) => ({ email, password: wrong })],
      ['a sign-in with nothing', 'signIn', (email) => ({ email, password: '' })],
      ['a sign-in with a device', 'signIn', (email) => ({ email, password: wrong, device: 'A'.repeat(43) })],
      ['a sign-in with a long password', 'signIn', (email) => ({ email, password: 'x'.repeat(5_000) })],
    ];
    for (const [name, mutation, input] of inputs) {
      const query = mutation in told ? told[mutation as keyof typeof told] : documents[mutation as Mutation];
      const seen = new Map<string, string>();
      for (const [kind, email] of Object.entries(all))
        seen.set(await answerTo(stage.stranger(), query, input(email)), kind);
      findings.tried += Object.keys(all).length - 1;
      findings.note(name, seen.size === 1, [...seen]);
    }
    const disabledRight = await answerTo(stage.stranger(), told.signIn, { email: all.disabled, password });
    const unknownRight = await answerTo(stage.stranger(), told.signIn, { email: all.unknown, password });
    findings.expect('the right password of a disabled account', disabledRight, unknownRight);
    return 'the same bytes for every class of address';
  },
};

/** What callers hear, one after the other, without the seconds that passed. */
async function sequence(count: number, caller: () => Caller, query: string, input: object): Promise<string[]> {
  const heard = [];
  for (let each = 0; each < count; each++) {
    const { body } = await caller().post({ query, variables: { input } });
    heard.push(body.replaceAll(/(in |Seconds":)(?:900|8[6-9]\d)\b/g, '$1T'));
  }
  return heard;
}

const limiter: Attack = {
  ids: ['V-15', 'B6', 'B7'],
  title: 'telling who has an account by the limits, around what its owner does',
  needs: 'stage',
  run: async (stage, findings) => {
    const known = await stage.account();
    const unknown = { ...known, email: stage.address() };
    const home = stage.network();
    const probes = async ({ email }: { email: string }, near: string) => {
      const [far, neighbour] = [stage.stranger(), stage.stranger({ from: near })];
      return [
        await sequence(13, () => far, told.signIn, { email, password: wrong }),
        await sequence(13, () => neighbour, told.signIn, { email, password: wrong }),
        await sequence(4, () => stage.stranger(), told.signIn, { email, password: wrong }),
        await sequence(6, () => far, told.requestPasswordReset, { email }),
      ].flat();
    };
    const compare = async (name: string, last: number) => {
      const [one, other] = [await probes(known, `${home}${last}`), await probes(unknown, `${stage.network()}${last}`)];
      findings.tried += 2 * one.length - 1;
      findings.expect(name, one, other);
      findings.note(
        `limits were met ${name}`,
        one.some((each) => each.includes('TooManyRequests')),
        one,
      );
    };
    await stage.stranger({ from: `${home}5` }).client.signIn({ email: known.email, password });
    await compare('after a sign-in of the owner next door', 10);
    const key = await stage.keyFor(known.email);
    const reset = await stage.stranger({ from: `${home}5` }).client.resetPassword({ key, password: newPassword });
    findings.expect('the owner’s reset', reset.__typename, 'PasswordResetCompleted');
    await compare('after a reset', 11);
    const device = reset.__typename === 'PasswordResetCompleted' ? (reset.device ?? null) : null;
    const again = await stage
      .stranger({ from: `${home}5` })
      .client.signIn({ email: known.email, password: newPassword, device });
    findings.expect('the owner’s sign-in with a device', again.__typename, 'SignedIn');
    await compare('after a sign-in with a device', 12);
    return 'the same sequence for a known and an unknown address, also from next door';
  },
};

const silent: Attack = {
  ids: ['B6', 'V-23'],
  title: 'the limit of failed sign-ins per address, seen and used against the owner',
  needs: 'stage',
  run: async (stage, findings) => {
    const owner = await stage.account();
    const first = await signIn(stage, owner);
    const device = first.__typename === 'SignedIn' ? (first.device ?? null) : null;
    const unknown = stage.address();
    const heard: Record<string, string[]> = { known: [], unknown: [] };
    for (let network = 0; network < 11; network++) {
      const from = `${stage.network()}7`;
      for (const [kind, email] of [
        ['known', owner.email],
        ['unknown', unknown],
      ] as const)
        heard[kind]?.push(
          ...(await sequence(10, () => stage.stranger({ from }), told.signIn, { email, password: wrong })),
        );
    }
    findings.tried += 219;
    findings.expect('110 wrong sign-ins', heard.known, heard.unknown);
    const right = await signIn(stage, owner);
    findings.note('the right password, without a word', right.__typename === 'InvalidCredentials', right);
    const withDevice = await stage.stranger().client.signIn({ email: owner.email, password, device });
    findings.expect('the owner with the device', withDevice.__typename, 'SignedIn');
    const key = await stage.keyFor(owner.email);
    const reset = await stage.stranger().client.resetPassword({ key, password: newPassword });
    findings.expect('the owner’s recovery', reset.__typename, 'PasswordResetCompleted');
    const after = await signIn(stage, { email: owner.email, password: newPassword });
    findings.expect('a sign-in from any device afterwards', after.__typename, 'SignedIn');
    return 'silent, known or not; a device gets in, and a reset opens the address again';
  },
};

const token: Attack = {
  ids: ['C11'],
  title: 'guessing the current password with a stolen access token',
  needs: 'stage',
  run: async (stage, findings) => {
    const owner = await stage.account();
    const stolen = (await tokenOf(stage, owner.email)) ?? '';
    const kinds: string[] = [];
    for (let count = 0; count < 14; count++) {
      const guess = { currentPassword: `a guess at the password ${count}`, newPassword: 'the thief’s own password' };
      kinds.push((await stage.stranger().as(stolen).changePassword(guess)).__typename);
    }
    findings.tried += kinds.length;
    findings.note('guesses that were heard', kinds.filter((kind) => kind === 'InvalidCredentials').length <= 10, kinds);
    const right = await stage
      .stranger()
      .as(stolen)
      .changePassword({ currentPassword: password, newPassword: 'the thief’s own password' });
    findings.expect('the right one after them', right.__typename, 'Unauthenticated');
    findings.expect('the token', await isTaken(stage, stolen), false);
    findings.expect('the owner', (await signIn(stage, owner)).__typename, 'SignedIn');
    return 'ten guesses, then the session is over; the owner signs in';
  },
};

export const enumeration: readonly Attack[] = [answers, limiter, silent, token];
