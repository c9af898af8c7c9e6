import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboxMail } from '../../src/dev/inbox/inbox.js';
import { keyIn, startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { documents, json, type Request, send, settled, verdictOf } from './attack.js';

const productName = '<b>&"x</b> {{ link }}';
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({
    env: {
      PUBLIC_URL: 'https://recover.example.com',
      MAIL_FROM: 'Acme <no-reply@acme.example>',
      PRODUCT_NAME: productName,
      // The worst case: the server trusts every forwarded header.
      TRUST_PROXY: '127.0.0.1',
    },
  });
  await latchkey.signUp('Mike@Example.com', 'the password of mike');
  await latchkey.signUp("o'neil+tag@xn--exmple-cua.com", 'the password of neil');
});
afterAll(() => latchkey.close());

async function ask(email: string, request: Request = {}) {
  const body = JSON.stringify({ query: documents.requestPasswordReset, variables: { input: { email } } });
  return send(latchkey.url, { ...request, headers: { ...json, ...request.headers }, body });
}

/** Makes a request. @returns its mails. */
async function mailsOf(email: string, request?: Request) {
  const before = new Set(latchkey.inbox.mails());
  const answer = await ask(email, request);
  await settled(latchkey);
  return { answer, mails: latchkey.inbox.mails().filter((mail) => !before.has(mail)) };
}

async function mailOf(email: string, request?: Request): Promise<InboxMail> {
  const { mails } = await mailsOf(email, request);
  expect(mails.length).toBe(1);
  return mails[0] as InboxMail;
}

describe('a spelling that reaches the mailbox', () => {
  // Shows: V-01
  it.each([
    'mike@example.com',
    'MIKE@EXAMPLE.COM',
    '  mIkE@eXample.COM  ',
    'mike@ｅｘａｍｐｌｅ.com',
    'mike@example。com',
    'mike@EXAMPLE．com',
    'mike@ⓔxample.com',
  ])('brings one mail to the stored address: %j', async (email) => {
    const mail = await mailOf(email);
    expect(mail.envelope.to).toEqual(['mike@example.com']);
    expect(mail.to).toBe('mike@example.com');
  });

  it('brings it to an address with every kind of character as it was stored', async () => {
    const mail = await mailOf("O'Neil+TAG@exämple.com");
    // The receiving library shows domains in Unicode.
    expect(mail.envelope.to).toEqual(["o'neil+tag@exämple.com"]);
    expect(mail.raw.toString()).toMatch(/^To: o'neil\+tag@xn--exmple-cua\.com\r$/m);
  });
});

describe('an address that only looks like the stored one', () => {
  // Shows: V-01
  it.each([
    ['of another person', 'mikes@example.com'],
    ['with a tag', 'mike+x@example.com'],
    ['with a dot', 'm.ike@example.com'],
    ['in another domain', 'mike@example.com.evil.example'],
    ['with another letter in the domain', 'mike@examp1e.com'],
    ['with Cyrillic in the domain', 'mike@ехаmple.com'],
    ['with an accent in the domain', 'mike@éxample.com'],
    ['with a wildcard', 'mik*@example.com'],
    ['with another wildcard', 'mik_@example.com'],
  ])('brings no mail: %s', async (_name, email) => {
    const { answer, mails } = await mailsOf(email);
    expect(verdictOf(answer)).toBe('PasswordResetRequested');
    expect(mails).toEqual([]);
  });
});

describe('what is not one plain address', () => {
  const mike = 'mike@example.com';
  const evil = 'evil@evil.example';
  // Shows: V-01, V-02, V-27, V-29
  it.each([
    ['dotless i', 'mıke@example.com'],
    ['a Kelvin sign', 'mi\u212ae@example.com'],
    ['full width', 'ｍｉｋｅ@example.com'],
    ['an accent', 'mìke@example.com'],
    ['a combining accent', 'mi\u0300ke@example.com'],
    ['a long s', 'mi\u017fe@example.com'],
    ['a soft hyphen in the domain', 'mike@exam\u00adple.com'],
    ['a zero-width space', 'mike\u200b@example.com'],
    ['a full-width at sign', 'mike＠example.com'],
    ['two, by comma', `${mike},${evil}`],
    ['two, by comma and space', `${mike}, ${evil}`],
    ['two, by semicolon', `${mike};${evil}`],
    ['two, by space', `${mike} ${evil}`],
    ['two, by tab', `${mike}\t${evil}`],
    ['two, by NUL', `${mike}\0${evil}`],
    ['two, by line end', `${mike}\n${evil}`],
    ['two, by percent-encoded line end', `${mike}%0a${evil}`],
    ['two at signs', `${mike}@evil.example`],
    ['a route', '<@evil.example:mike@example.com>'],
    ['a wildcard of SQL', 'mik%@example.com'],
    ['a percent route', 'mike%evil.example@example.com'],
    ['a bang path', 'evil.example!mike@example.com'],
    ['an encoded word that is an address', '=?utf-8?q?mike=40evil.example=3e?=@example.com'],
    ['the old percent route', 'mike%example.com@localhost'],
    ['another header', `${mike}\r\nBcc: ${evil}`],
    ['another recipient', `${mike}>\r\nRCPT TO:<${evil}`],
    ['a closing bracket', `${mike}> <${evil}`],
    ['parameters', `${mike}> NOTIFY=SUCCESS`],
    ['a display name', `Mike <${mike}>`],
    ['brackets', `<${mike}>`],
    ['a group', `all: ${mike}, ${evil};`],
    ['a comment', `mike(${evil})@example.com`],
    ['a quoted local part', '"mike"@example.com'],
    ['a quoted address', `"${mike} ${evil}"@evil.example`],
    ['a quoted domain', 'mike@"example.com"'],
    ['an encoded word', '=?utf-8?q?mike?=@example.com\u00a0'],
    ['a mailto link', `mailto:${mike}`],
    ['an address literal', 'mike@[127.0.0.1]'],
    ['an IPv6 literal', 'mike@[IPv6:::1]'],
    ['an IPv4 address', 'mike@127.0.0.1'],
    ['an IPv4 address in one number', 'mike@2130706433'],
    ['an IPv4 address in hex', 'mike@0x7f.1'],
    ['localhost', 'mike@localhost'],
    ['a single label', 'mike@com'],
    ['a trailing dot', 'mike@example.com.'],
    ['a port', 'mike@example.com:25'],
    ['a path', 'mike@example.com/x'],
    ['a percent-encoded domain', 'mike@ex%61mple.com'],
    ['a backslash', 'mike@example.com\\x'],
    ['no domain', 'mike@'],
    ['no local part', '@example.com'],
    ['two dots', 'mi..ke@example.com'],
    ['a leading dot', '.mike@example.com'],
    ['markup', '<script>@example.com'],
    ['65 characters before the at sign', `${'m'.repeat(65)}@example.com`],
    ['255 characters', `mike@${'e'.repeat(60)}.${'e'.repeat(60)}.${'e'.repeat(60)}.${'e'.repeat(60)}.example`],
  ])('is refused in one way, before anything is looked up: %s', async (_name, email) => {
    const { answer, mails } = await mailsOf(email);
    expect(JSON.parse(answer.body)).toEqual({ data: { requestPasswordReset: { __typename: 'InvalidEmailAddress' } } });
    expect(mails).toEqual([]);
  });
});

describe('the mail', () => {
  /** The mail without the parts that differ each time: key, times, ids, and nodemailer's boundary. */
  const bytes = (mail: InboxMail) =>
    mail.raw
      .toString()
      .replaceAll(/^Date: .*$/gm, 'Date')
      .replaceAll(/^Message-ID: <[0-9a-f-]{36}\./gm, 'Message-ID: <ID.')
      .replaceAll(/=\r\n/g, '')
      .replaceAll(keyIn(mail), 'KEY')
      .replaceAll(/\d\d?:\d\d:\d\d\s(?:AM|PM)/g, 'TIME')
      .replaceAll(/--_NmP-[0-9a-z]+-Part_\d|--_NmP-\S+/g, 'BOUNDARY');

  let usual: string;
  beforeAll(async () => {
    usual = bytes(await mailOf('mike@example.com'));
  });

  const evil = 'evil.example';
  // Shows, V-03
  it.each<[string, Record<string, string>]>([
    ['Host', { host: evil }],
    ['Host with a port', { host: `${evil}:443` }],
    ['X-Forwarded-Host', { 'x-forwarded-host': evil }],
    ['X-Forwarded-Host, two', { 'x-forwarded-host': `recover.example.com, ${evil}` }],
    ['X-Forwarded-Proto', { 'x-forwarded-proto': 'http' }],
    ['X-Forwarded-Proto of no scheme', { 'x-forwarded-proto': 'java script' }],
    ['X-Forwarded-Port and prefix', { 'x-forwarded-port': '8443', 'x-forwarded-prefix': `//${evil}` }],
    ['Forwarded', { forwarded: `for=1.2.3.4;host=${evil};proto=http` }],
    [
      'other names',
      { 'x-host': evil, 'x-original-host': evil, 'x-forwarded-server': evil, 'x-rewrite-url': `//${evil}` },
    ],
    ['Origin and Referer', { origin: `https://${evil}`, referer: `https://${evil}/reset` }],
    ['a language with a line end', { 'accept-language': `en, ${evil}` }],
  ])('is the same whatever the caller says of itself: %s', async (_name, headers) => {
    const mail = await mailOf('mike@example.com', { headers });
    expect(bytes(mail)).toBe(usual);
    expect(mail.envelope).toEqual({ from: 'no-reply@acme.example', to: ['mike@example.com'] });
  });

  // Shows: V-03, V-04
  it('is the same when the request names another server', async () => {
    expect(
      bytes(await mailOf('mike@example.com', { path: '/graphql?host=evil.example&redirectUrl=https://evil.example' })),
    ).toBe(usual);
  });

  // Shows, V-04
  it('leads to the configured page only, by https, with the key in the fragment', async () => {
    const mail = await mailOf('mike@example.com');
    const link = `https://recover.example.com/reset-password#key=${keyIn(mail)}`;
    const links = [...`${mail.text}\n${mail.html}`.matchAll(/https?:\/\/[^\s"<>]+/g)].map(([found]) => found);
    const ours = links.filter((found) => !found.startsWith('http://www.w3.org/'));
    expect(new Set(ours)).toEqual(new Set([link]));
    expect(mail.html).not.toMatch(/<img|<script|<iframe|url\(/i);
  });

  // Shows, V-27
  it('has the headers that it must have, each once, and no other', async () => {
    const mail = await mailOf('mike@example.com');
    expect(mail.headers.map(({ key }) => key).sort()).toEqual([
      'auto-submitted',
      'content-language',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
      'x-auto-response-suppress',
    ]);
    expect(mail.messageId).toMatch(/^<[0-9a-f-]{36}\.reset-link@acme\.example>$/);
    expect(mail.from).toBe('Acme <no-reply@acme.example>');
  });

  // Shows: R-76, V-28
  it('shows a product name as text, and fills nothing into it', async () => {
    const mail = await mailOf('mike@example.com');
    expect(mail.text).toContain(productName);
    expect(mail.html).toContain('&lt;b&gt;&amp;&#34;x&lt;/b&gt; {{ link }}');
    expect(mail.html).not.toContain('<b>');
  });

  // Shows: R-76
  it('takes no language but a known one from the request', async () => {
    for (const locale of ['xx', '../../etc/passwd', 'en\r\nBcc: evil@evil.example', '__proto__', 'x'.repeat(2_000)]) {
      const before = latchkey.inbox.mails().length;
      const variables = { input: { email: 'mike@example.com', locale } };
      const body = JSON.stringify({ query: documents.requestPasswordReset, variables });
      expect(verdictOf(await send(latchkey.url, { headers: json, body }))).toBe('PasswordResetRequested');
      await settled(latchkey);
      const [mail] = latchkey.inbox.mails().slice(before);
      expect(mail?.headers.find(({ key }) => key === 'content-language')?.value).toBe('en');
    }
  });
});

it('shows a product name as text on the page', async () => {
  const page = await send(latchkey.url, { method: 'GET', path: '/reset-password' });
  expect(page.body).not.toContain('<b>');
  expect(page.body).toContain('&lt;b&gt;&amp;&#34;x&lt;/b&gt; {{ link }}');
});

// Shows: V-04
it('takes nothing from the address of the page into it', async () => {
  const plain = await send(latchkey.url, { method: 'GET', path: '/reset-password' });
  const path = '/reset-password?signInUrl=https://evil.example&productName=<script>&key=x';
  const answer = await send(latchkey.url, { method: 'GET', path: encodeURI(path), headers: { host: 'evil.example' } });
  expect(answer.body).toBe(plain.body);
});

// Shows: V-04
it.each(['redirectUrl', 'redirectTo', 'resetUrl', 'reset_url', 'host', 'origin', 'to', 'cc', 'from', 'template'])(
  'refuses an argument called %s',
  async (name) => {
    const input = { email: 'mike@example.com', [name]: 'https://evil.example' };
    const body = JSON.stringify({ query: documents.requestPasswordReset, variables: { input } });
    const answer = await send(latchkey.url, { headers: json, body });
    expect([answer.status, verdictOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
  },
);
