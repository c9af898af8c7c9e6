import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { LatchkeyRequestError } from '../../../../schema/sdk/client.js';
import { eventually } from '../../../support/eventually.js';
import { json } from '../../attack.js';
import type { Attack } from '../attack.js';
import { isTaken, opens, tokenOf } from '../owner.js';
import { newPassword, password } from '../stage.js';

const sessions: Attack = {
  ids: ['V-34'],
  title: 'a session that survives the reset',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email, key } = await stage.withKey();
    const before = await Promise.all(Array.from({ length: 5 }, () => tokenOf(stage, email)));
    for (const token of before) findings.expect('before', await isTaken(stage, token ?? ''), true);
    const racing = Array.from({ length: 8 }, async (_, index) => {
      await sleep(index * 12);
      return tokenOf(stage, email);
    });
    const result = await stage.stranger().client.resetPassword({ key, password: newPassword });
    findings.expect('the reset', result.__typename, 'PasswordResetCompleted');
    const tokens = [...before, ...(await Promise.all(racing))].filter((token) => token !== undefined);
    for (const token of tokens) {
      findings.expect('a session of the old password', await isTaken(stage, token), false);
      const changed = await stage
        .stranger()
        .as(token)
        .changePassword({ currentPassword: newPassword, newPassword: 'the thief’s own password' });
      findings.expect('a change with it', changed.__typename, 'Unauthenticated');
      findings.expect(
        'its end with it',
        (await stage.stranger().as(token).signOutEverywhere()).__typename,
        'Unauthenticated',
      );
    }
    return `${tokens.length} sessions of the old password, also those that raced the reset, are over on every API`;
  },
};

const rehash: Attack = {
  ids: ['V-50'],
  title: 'the old password brought back by the renewal of its hash',
  needs: 'stage',
  run: async (stage, findings) => {
    for (let run = 0; run < (stage.isFull ? 50 : 12); run++) {
      const { email } = await stage.account(undefined, await bcrypt.hash(password, 8));
      const key = await stage.keyFor(email);
      const signIns = Array.from({ length: 4 }, async (_, index) => {
        await sleep(index * 8);
        return tokenOf(stage, email);
      });
      await sleep((run % 6) * 8);
      const result = await stage.stranger().client.resetPassword({ key, password: newPassword });
      const tokens = await Promise.all(signIns);
      findings.expect('the reset', result.__typename, 'PasswordResetCompleted');
      findings.expect(`the old password in run ${run}`, await opens(stage, email, password), false);
      findings.expect(`the new password in run ${run}`, await opens(stage, email, newPassword), true);
      for (const token of tokens)
        if (token) findings.expect('a session of the old one', await isTaken(stage, token), false);
    }
    return 'the new password alone opens';
  },
};

const changes: Attack = {
  ids: ['V-51', 'V-33'],
  title: 'resets, changes and sign-ins at the same time',
  needs: 'stage',
  run: async (stage, findings) => {
    for (let run = 0; run < (stage.isFull ? 50 : 12); run++) {
      const { email, key } = await stage.withKey();
      const sibling = await stage.keyFor(email);
      const token = (await tokenOf(stage, email)) ?? '';
      const wanted = ['set by the first link', 'set by the second link', 'changed by the owner'];
      const [first, second, changed] = await Promise.all([
        stage.stranger().client.resetPassword({ key, password: wanted[0] ?? '' }),
        stage.stranger().client.resetPassword({ key: sibling, password: wanted[1] ?? '' }),
        stage
          .stranger()
          .as(token)
          .changePassword({ currentPassword: password, newPassword: wanted[2] ?? '' }),
      ]);
      const done = [first, second, changed].map(({ __typename }) => /Completed|Changed/.test(__typename));
      findings.expect(`changes that won in run ${run}`, done.filter(Boolean).length, 1);
      const open = await Promise.all(wanted.map((text) => opens(stage, email, text)));
      findings.expect(`passwords that open in run ${run}`, open, done);
      findings.expect(`the old one in run ${run}`, await opens(stage, email, password), false);
      findings.expect(`the session of before in run ${run}`, await isTaken(stage, token), false);
    }
    return 'of three changes from one version one wins, and its password alone opens';
  },
};

const unchanged: Attack = {
  ids: ['V-30'],
  title: 'a key burned without a changed password',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email, key } = await stage.withKey();
    const refused = [
      'short',
      'x'.repeat(129),
      'passwordpassword',
      'a lone \ud800 surrogate',
      `${email} 1`,
      password,
      'qwertzuiopasdfghjkl',
    ];
    for (const text of refused) {
      const result = await stage.stranger().client.resetPassword({ key, password: text });
      findings.expect(`a reset with ${JSON.stringify(text).slice(0, 30)}`, result.__typename, 'PasswordRejected');
    }
    const body = JSON.stringify({
      query: 'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename } }',
      variables: { input: { key, password: 'short' } },
    });
    for (const [name, request] of [
      ['cut JSON', { headers: json, body: body.slice(0, -4) }],
      ['a wrong type', { headers: { 'content-type': 'text/plain' }, body }],
      ['a number for the password', { headers: json, body: body.replace('"short"', '5') }],
    ] as const) {
      const { status } = await stage.stranger().send(request);
      findings.note(name, status >= 400, status);
    }
    // Callers that leave before the answer, with a password that will be refused.
    const { hostname, port } = new URL(stage.urls[0] ?? '');
    for (let count = 0; count < 10; count++) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.write(
        `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 60 + count * 20)}`,
      );
      await sleep(10);
      socket.destroy();
    }
    const busy = Array.from({ length: 160 }, () =>
      stage
        .stranger()
        .client.signIn({ email: stage.address(), password })
        .catch((error: unknown) => error),
    );
    const meanwhile = await eventually(
      () =>
        stage
          .stranger()
          .client.resetPassword({ key, password: newPassword })
          .catch((error: unknown) => error),
      (answer) =>
        !(answer instanceof LatchkeyRequestError) &&
        (answer as { __typename: string }).__typename !== 'TemporarilyUnavailable',
      30_000,
    );
    await Promise.all(busy);
    findings.expect('the key afterwards', (meanwhile as { __typename: string }).__typename, 'PasswordResetCompleted');
    findings.expect('and its password', await opens(stage, email, newPassword), true);
    return 'the key is good after every refusal, cut call and overload';
  },
};

const confirmations: Attack = {
  ids: ['V-48', 'C15a'],
  title: 'sign-ups for one address at the same time, and a stranger’s for the owner’s',
  needs: 'stage',
  run: async (stage, findings) => {
    const email = stage.address();
    const strangers = 'the password of a stranger';
    await stage.stranger().client.signUp({ email, password: strangers });
    await stage.stranger().client.signUp({ email, password: strangers });
    await stage.settled();
    const links = stage.mailsTo(email).map(({ text }) => /#confirm=([\w-]{43})/.exec(text)?.[1] ?? '');
    findings.expect('mails', links.length, 2);
    findings.expect('the stranger’s password before', await opens(stage, email, strangers), false);
    const rows = await stage.database.query('select 1 from account where email = $1', [email]);
    findings.expect('accounts before', rows.length, 0);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        stage
          .stranger()
          .client.confirmSignUp({ key: links[index % 2] ?? '', password: `the owner’s password ${index}` }),
      ),
    );
    findings.expect(
      'accounts that were made',
      results.filter(({ __typename }) => __typename === 'SignUpConfirmed').length,
      1,
    );
    const made = await stage.database.query('select 1 from account where email = $1', [email]);
    findings.expect('rows', made.length, 1);
    findings.expect('the stranger’s password', await opens(stage, email, strangers), false);
    const stored = (
      await Promise.all((await stage.redis.keys('sign-up*')).map((name) => stage.redis.get(name).catch(() => '')))
    ).join();
    findings.note('the password in Redis', !stored.includes(strangers), stored);
    await stage.stranger().client.signUp({ email, password: strangers });
    await stage.settled();
    const last = stage.mailsTo(email).at(-1)?.text ?? '';
    findings.note('the mail to a taken address', !/#|[\w-]{43}/.test(last), last);
    findings.expect('the stranger’s password at last', await opens(stage, email, strangers), false);
    return 'one account, with the password of whoever reads the mailbox';
  },
};

export const races: readonly Attack[] = [sessions, rehash, changes, unchanged, confirmations];
