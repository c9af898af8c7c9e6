import { Latchkey } from '../../../support/processes.js';
import type { Attack } from '../attack.js';
import { noticesTo, signIn } from '../owner.js';
import { kindOf } from '../refusal.js';
import { newPassword, type Stage } from '../stage.js';

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const reset =
  'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename ... on InvalidResetKey { reason } } }';

const parallel: Attack = {
  ids: ['V-05', 'V-33'],
  title: 'one key used many times at the same time, on two APIs',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email, id, key } = await stage.withKey();
    const passwords = many(50, (index) => `a new password, number ${index}`);
    const results = await Promise.all(
      passwords.map((password) =>
        stage.stranger({ from: `${stage.network()}9` }).client.resetPassword({ key, password }),
      ),
    );
    const winners = passwords.filter((_, index) => results[index]?.__typename === 'PasswordResetCompleted');
    findings.tried += results.length - 1;
    findings.expect('successes', winners.length, 1);
    const others = results
      .map(({ __typename }) => __typename)
      .filter((kind) => !/Completed|InvalidResetKey|Unavailable/.test(kind));
    findings.expect('other answers than a refusal', others, []);
    for (const password of [winners[0] ?? '', ...passwords.filter((each) => each !== winners[0]).slice(0, 5)]) {
      const { __typename } = await stage.stranger().client.signIn({ email, password });
      findings.expect(
        `sign-in with ${password}`,
        __typename,
        password === winners[0] ? 'SignedIn' : 'InvalidCredentials',
      );
    }
    await stage.settled();
    const [row] = await stage.database.query('select credential_version from account where id = $1', [id]);
    findings.expect('the version of the credential', row, { credential_version: 2 });
    findings.expect('notices', noticesTo(stage, email).length, 1);
    return 'one success, whose password opens; one notice';
  },
};

const again: Attack = {
  ids: ['V-06', 'V-32'],
  title: 'a key used again, also with its record put back into Redis',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email, key } = await stage.withKey();
    const names = await stage.redis.keys('reset:*');
    const records = await Promise.all(names.map(async (name) => [name, await stage.redis.getBuffer(name)] as const));
    const use = async (password: string) => {
      const { body } = await stage.stranger().post({ query: reset, variables: { input: { key, password } } });
      return JSON.stringify(Object.values(JSON.parse(body).data)[0]);
    };
    const success = '{"__typename":"PasswordResetCompleted"}';
    findings.expect('the first use', await use(newPassword), success);
    for (const [name, record] of records) if (record) await stage.redis.set(name, record, 'EX', 3_600);
    const used = '{"__typename":"InvalidResetKey","reason":"USED"}';
    findings.expect('another password', await use('another password for it'), used);
    const repeated = [];
    for (let count = 0; count < 5; count++) repeated.push(await use(newPassword));
    const times = repeated.filter((answer) => answer === success).length;
    findings.note('the same call again', times <= 3, repeated);
    for (const [name, record] of records) if (record) await stage.redis.set(name, record, 'EX', 3_600);
    findings.expect('another password, later', await use('yet another password for it'), used);
    const opens = async (password: string) => (await stage.stranger().client.signIn({ email, password })).__typename;
    findings.expect('the first password', await opens(newPassword), 'SignedIn');
    findings.expect('a later one', await opens('another password for it'), 'InvalidCredentials');
    await stage.settled();
    findings.expect('notices', noticesTo(stage, email).length, 1);
    return 'never a second change; only the same call hears the same answer';
  },
};

const expired: Attack = {
  ids: ['V-07', 'V-45'],
  title: 'a key after its time',
  needs: 'stage',
  run: async (stage, findings) => {
    const { key } = await stage.withKey();
    const valid = await stage.stranger().client.passwordResetKey(key);
    const seconds = valid.__typename === 'ResetKeyValid' ? (Date.parse(valid.expiresAt) - Date.now()) / 1_000 : 0;
    findings.note('the lifetime', seconds > 3_500 && seconds < 3_602, seconds);
    const ttls = await Promise.all((await stage.redis.keys('reset:*')).map((name) => stage.redis.ttl(name)));
    findings.expect('records in Redis without an end', ttls.filter((ttl) => ttl < 0).length, 0);
    await stage.beside({ settings: { RESET_KEY_TTL: '2' } }, async (short) => {
      const owner = await short.withKey();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const result = await short.stranger().client.resetPassword({ key: owner.key, password: newPassword });
      findings.expect(
        'after its time',
        [result.__typename, 'reason' in result && result.reason],
        ['InvalidResetKey', 'EXPIRED'],
      );
      const signedIn = await signIn(short, owner);
      findings.expect('the old password', signedIn.__typename, 'SignedIn');
    });
    return 'EXPIRED, and its record ends, too';
  },
};

const outlived: Attack = {
  ids: ['V-08'],
  title: 'a key after another change of the credential',
  needs: 'stage',
  run: async (stage, findings) => {
    const change: Record<string, (stage: Stage, owner: Awaited<ReturnType<Stage['withKey']>>) => Promise<unknown>> = {
      'a change by the owner': async (_stage, owner) => {
        const signedIn = await signIn(stage, owner);
        const token = signedIn.__typename === 'SignedIn' ? signedIn.accessToken : '';
        return stage
          .stranger()
          .as(token)
          .changePassword({ currentPassword: owner.password, newPassword: 'changed by the owner' });
      },
      'a reset by another link': async (_stage, owner) =>
        stage
          .stranger()
          .client.resetPassword({ key: await stage.keyFor(owner.email), password: 'set by another link' }),
      'disabled by the operator': (_stage, { email }) => Latchkey.run(['account', 'disable', email], stage.settings),
      'disabled and enabled': async (_stage, { email }) => {
        await Latchkey.run(['account', 'disable', email], stage.settings);
        return Latchkey.run(['account', 'enable', email], stage.settings);
      },
      'deleted and made anew': async (_stage, { email, id }) => {
        await stage.database.query('delete from account where id = $1', [id]);
        return stage.account(email);
      },
    };
    for (const [name, happens] of Object.entries(change)) {
      const owner = await stage.withKey();
      await happens(stage, owner);
      const result = await stage.stranger().client.resetPassword({ key: owner.key, password: newPassword });
      findings.expect(name, result.__typename, 'InvalidResetKey');
      const opened = await stage.stranger().client.signIn({ email: owner.email, password: newPassword });
      findings.expect(`${name}: its password`, opened.__typename, 'InvalidCredentials');
    }
    return 'refused after each';
  },
};

const foreign: Attack = {
  ids: ['V-09'],
  title: 'a key of another kind or another person',
  needs: 'stage',
  run: async (stage, findings) => {
    const [alice, bob] = [await stage.withKey(), await stage.account()];
    const email = stage.address();
    await stage.stranger().client.signUp({ email, password: newPassword });
    const mail = await stage.inbox.waitFor(({ envelope }) => envelope.to.includes(email), 20_000);
    const signUpKey = /#confirm=([\w-]{43})/.exec(mail.text)?.[1] ?? '';
    findings.note('a key to confirm', signUpKey.length === 43, mail.text);
    const signedIn = await signIn(stage, bob);
    const { accessToken = '', device = '' } = signedIn.__typename === 'SignedIn' ? signedIn : {};
    const digests = (await stage.redis.keys('*:*')).map((name) => name.slice(name.indexOf(':') + 1));
    const used = async (key: string) =>
      (await stage.stranger().client.resetPassword({ key, password: newPassword })).__typename;
    for (const [name, key] of [
      ['a sign-up’s key', signUpKey],
      ['an access token', accessToken],
      ['a device token', device ?? ''],
      ...digests.slice(0, 10).map((digest) => ['a name in Redis', digest] as const),
    ] as const) {
      findings.expect(`a reset with ${name}`, await used(key), 'InvalidResetKey');
    }
    const confirmed = await stage.stranger().client.confirmSignUp({ key: alice.key, password: newPassword });
    findings.expect('a sign-up with a reset’s key', confirmed.__typename, 'InvalidResetKey');
    const asToken = await stage
      .stranger()
      .as(alice.key)
      .me()
      .catch(() => null);
    findings.expect('a key as an access token', asToken, null);
    const withOther = await stage
      .stranger()
      .post({ query: reset, variables: { input: { key: alice.key, password: newPassword, email: bob.email } } });
    findings.expect('a key with another’s address', [withOther.status, kindOf(withOther)], [400, 'BAD_USER_INPUT']);
    findings.expect('bob’s password', (await signIn(stage, bob)).__typename, 'SignedIn');
    findings.expect('alice’s key afterwards', await used(alice.key), 'PasswordResetCompleted');
    findings.expect('bob’s password after that', (await signIn(stage, bob)).__typename, 'SignedIn');
    return 'each kind opens its own door only';
  },
};

export const oneUse: readonly Attack[] = [parallel, again, expired, outlived, foreign];
