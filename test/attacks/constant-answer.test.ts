import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { documents, json, type Mutation, settled } from './attack.js';

let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({ env: { LIMIT_RESET_PER_ACCOUNT: '1/3600' } });
  for (const name of ['known', 'disabled', 'often', 'signed'])
    await latchkey.signUp(`${name}@example.com`, 'a long enough password');
  await latchkey.database.query(`update account set status = 'disabled' where email = 'disabled@example.com'`);
});
afterAll(() => latchkey.close());

/** Status line, every header in order, and the body, as sent; only the date and the request's id are left out. */
async function answerTo(mutation: Mutation, input: object, url = latchkey.url): Promise<string> {
  const body = JSON.stringify({ query: documents[mutation], variables: { input } });
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/graphql`, { method: 'POST', headers: json }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const raw = response.rawHeaders.flatMap((name, index, all) =>
          index % 2 ? [] : [`${name}: ${all[index + 1]}`],
        );
        const kept = raw.filter((line) => !/^(?:date|x-request-id):/i.test(line));
        expect(raw.length - kept.length).toBe(2);
        resolve([`${response.statusCode} ${response.statusMessage}`, ...kept, '', Buffer.concat(chunks)].join('\n'));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('asking for a mail', () => {
  const ask = (name: string) => answerTo('requestPasswordReset', { email: `${name}@example.com` });

  // Shows: R-01, V-12, V-14, V-15
  it('is answered with the same bytes for every address', async () => {
    const before = latchkey.inbox.mails().length;
    const first = await ask('often');
    await settled(latchkey);
    const answers = [
      first,
      await ask('known'),
      await ask('unknown'),
      await ask('disabled'),
      await ask('often'),
      await ask('not-there-either'),
    ];
    await settled(latchkey);
    expect(new Set(answers).size).toBe(1);
    expect(first).toContain('"PasswordResetRequested"');

    // The cases were indeed different: each of the two active accounts got a mail.
    const mails = latchkey.inbox.mails().slice(before);
    expect(mails.flatMap(({ envelope }) => envelope.to).sort()).toEqual(['known@example.com', 'often@example.com']);
    await latchkey.services.audit.written();
    const outcomes = await latchkey.database.query<{ kind: string }>(
      `select kind from audit_event where kind like 'reset.%' union all
       select kind from audit_refusal where kind like 'reset.%'`,
    );
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(
      new Set(['reset.sent', 'reset.no-recipient', 'reset.suppressed']),
    );
  });

  // Shows: R-02
  it('is answered with the same bytes while there is no accounts table', async () => {
    const usual = await ask('known');
    await settled(latchkey);
    await latchkey.database.query('alter table account rename to account_away');
    try {
      for (const name of ['known', 'unknown', 'disabled', 'often']) expect(await ask(name)).toBe(usual);
    } finally {
      await latchkey.database.query('alter table account_away rename to account');
    }
  });
});

it('answers with the same bytes where addresses without an account are told', async () => {
  const telling = await startLatchkey({
    env: { NOTIFY_UNKNOWN_ADDRESS: 'on', LIMIT_NOTIFY_UNKNOWN_PER_CLIENT: '2/3600' },
  });
  try {
    await telling.signUp('known@example.com', 'a long enough password');
    const answers = new Set<string>();
    for (const name of ['known', 'unknown', 'another', 'too-many']) {
      answers.add(await answerTo('requestPasswordReset', { email: `${name}@example.com` }, telling.url));
    }
    await settled(telling);
    expect(answers.size).toBe(1);
    const recipients = telling.inbox.mails().flatMap(({ envelope }) => envelope.to);
    expect(recipients).toContain('known@example.com');
    expect(recipients).toHaveLength(3);
  } finally {
    await telling.close();
  }
});

// Shows: V-14
it('refuses every sign-in with the same bytes', async () => {
  const answers = await Promise.all(
    [
      { email: 'unknown@example.com', password: 'a long enough password' },
      { email: 'signed@example.com', password: 'another long password' },
      { email: 'disabled@example.com', password: 'a long enough password' },
      { email: 'signed@example.com', password: '' },
      { email: 'no address', password: 'a long enough password' },
      { email: 'signed@example.com', password: '\ud800 a long enough password' },
    ].map((input) => answerTo('signIn', input)),
  );
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain('"InvalidCredentials"');
  expect(await answerTo('signIn', { email: 'signed@example.com', password: 'a long enough password' })).not.toBe(
    answers[0],
  );
});

it('refuses every key that is not one with the same bytes', async () => {
  const keys = [
    '',
    'x',
    'A'.repeat(43),
    'A'.repeat(42),
    `${'A'.repeat(42)}B`,
    `${'A'.repeat(43)}=`,
    'é'.repeat(43),
    '\0',
    '%00',
    '[]',
  ];
  const answers = new Set<string>();
  for (const key of keys) answers.add(await answerTo('resetPassword', { key, password: 'a quite new password' }));
  expect(answers.size).toBe(1);
  expect([...answers][0]).toContain('"InvalidResetKey"');
});
