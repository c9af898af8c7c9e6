import type { InboxMail } from '../../../../src/dev/inbox/inbox.js';
import { documents } from '../../attack.js';
import type { Attack } from '../attack.js';
import { type Account, keyOf, type Stage } from '../stage.js';

/** Local parts and domains that look like `mike` and `kit.example`, or that some comparison takes for them. */
const lookAlikes = (local: string, domain: string) =>
  [
    ['upper case', `${local.toUpperCase()}@${domain.toUpperCase()}`],
    ['blanks around it', `  ${local}@${domain}  `],
    ['a full-width domain', `${local}@ｋｉｔ.ｅｘａｍｐｌｅ`],
    ['a full-width dot', `${local}@kit。example`],
    ['a circled letter in the domain', `${local}@ⓚit.example`],
    ['a dotless i', `${local.replace('i', 'ı')}@${domain}`],
    ['a dotted I', `${local.replace('i', 'İ')}@${domain}`],
    ['a Kelvin sign', `${local.replace('k', '\u212a')}@${domain}`],
    ['a Cyrillic letter', `${local.replace('e', 'е')}@${domain}`],
    ['a full-width letter', `${local.replace('m', 'ｍ')}@${domain}`],
    ['an accent', `${local.replace('e', 'é')}@${domain}`],
    ['a combining accent', `${local}\u0301@${domain}`],
    ['a zero-width space', `${local}\u200b@${domain}`],
    ['a soft hyphen', `mi\u00adke${local.slice(4)}@${domain}`],
    ['an ideographic blank', `${local}\u3000@${domain}`],
    ['a dotless i in the domain', `${local}@kıt.example`],
    ['a Cyrillic letter in the domain', `${local}@kit.еxample`],
    ['an accent in the domain', `${local}@kit.éxample`],
    ['another domain', `${local}@${domain}.evil.example`],
    ['a tag', `${local}+x@${domain}`],
    ['a dot', `${local.slice(0, 2)}.${local.slice(2)}@${domain}`],
    ['a wildcard', `${local.slice(0, -1)}_@${domain}`],
    ['another wildcard', `${local.slice(0, -1)}*@${domain}`],
  ] as const;

const collisions: Attack = {
  ids: ['V-01'],
  title: 'spellings that some comparison takes for the owner’s address',
  needs: 'stage',
  run: async (stage, findings) => {
    const owner = await stage.account(stage.address().replace('attack', 'mike'));
    const [local = '', domain = ''] = owner.email.split('@');
    const wanted: Record<string, string> = {};
    const query = documents.requestPasswordReset;
    for (const [name, email] of lookAlikes(local, domain)) {
      const before = new Set(stage.inbox.mails());
      const answer = await stage.stranger().post({ query, variables: { input: { email } } });
      findings.note(
        `the answer to ${name}`,
        /"(?:PasswordResetRequested|InvalidEmailAddress)"/.test(answer.body),
        answer,
      );
      await stage.settled();
      for (const mail of stage.inbox.mails().filter((each) => !before.has(each)))
        wanted[name] = mail.envelope.to.join();
      findings.note(`the mail for ${name}`, [undefined, owner.email].includes(wanted[name]), wanted[name]);
    }
    // The budget allows a few mails: whether the first spellings are the owner's is what counts.
    findings.expect('mails for the owner’s own spelling', wanted['upper case'], owner.email);
    for (const [name, email] of lookAlikes(local, domain).slice(5)) {
      const before = new Set(stage.inbox.mails());
      await stage.stranger().client.signUp({ email, password: 'a password of a stranger' });
      await stage.settled();
      const to = stage.inbox
        .mails()
        .filter((each) => !before.has(each))
        .flatMap(({ envelope }) => envelope.to);
      findings.note(`a sign-up with ${name}`, !to.includes(owner.email), to);
    }
    return 'a mail goes to the stored address or to nobody';
  },
};

const mailOf = async (stage: Stage, owner: Account, headers: Record<string, string>, path = '/graphql') => {
  const before = new Set(stage.inbox.mails());
  const body = JSON.stringify({ query: documents.requestPasswordReset, variables: { input: { email: owner.email } } });
  const answer = await stage
    .stranger()
    .send({ path, headers: { 'content-type': 'application/json', ...headers }, body });
  const mail = await stage.inbox.waitFor((each) => !before.has(each) && each.envelope.to.includes(owner.email), 20_000);
  return { answer, mail };
};

/** The mail without what differs each time: key, times, ids, the boundary of its parts, and the address. */
const bytesOf = (mail: InboxMail, { email }: Account) =>
  mail.raw
    .toString()
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/^(?:Date|Message-ID): .*$/gm, '')
    .replaceAll(keyOf(mail), 'KEY')
    .replaceAll(email, 'OWNER')
    .replaceAll(/\d\d?:\d\d(?::\d\d)?[\s\u202f]?(?:AM|PM)?/g, 'TIME')
    .replaceAll(/--_NmP-\S+/g, 'BOUNDARY');

const poisoned: Attack = {
  ids: ['V-03'],
  title: 'another host for the link, named by headers',
  needs: 'stage',
  run: async (stage, findings) => {
    const evil = 'evil.example';
    const first = await stage.account();
    const usual = bytesOf((await mailOf(stage, first, {})).mail, first);
    const headers: [string, Record<string, string>, string?][] = [
      ['Host', { host: evil }],
      ['Host with a port', { host: `${evil}:443` }],
      ['X-Forwarded-Host', { 'x-forwarded-host': evil }],
      ['two in X-Forwarded-Host', { 'x-forwarded-host': `recover.example.com, ${evil}` }],
      ['X-Forwarded-Proto', { 'x-forwarded-proto': 'http' }],
      ['X-Forwarded-Proto without sense', { 'x-forwarded-proto': 'javascript' }],
      ['X-Forwarded-Port and prefix', { 'x-forwarded-port': '8443', 'x-forwarded-prefix': `//${evil}` }],
      ['Forwarded', { forwarded: `for=192.0.2.1;host=${evil};proto=http` }],
      [
        'X-Host and the like',
        { 'x-host': evil, 'x-original-host': evil, 'x-forwarded-server': evil, 'x-http-host-override': evil },
      ],
      ['X-Original-URL', { 'x-original-url': `//${evil}/`, 'x-rewrite-url': `//${evil}/` }],
      ['Origin and Referer', { origin: `https://${evil}`, referer: `https://${evil}/reset` }],
      ['a language', { 'accept-language': `${evil}, de` }],
      ['a query string', {}, `/graphql?host=${evil}&redirectUrl=https://${evil}`],
      ['a whole target', { host: 'recover.example.com' }],
    ];
    for (const [name, these, path] of headers) {
      const owner = await stage.account();
      const { mail } = await mailOf(stage, owner, these, path);
      findings.note(name, bytesOf(mail, owner) === usual, bytesOf(mail, owner));
      const links = [...`${mail.text}\n${mail.html}`.matchAll(/https?:\/\/[^\s"<>)]+/g)].map(([link]) => link);
      const foreign = links.filter((link) => !/^https:\/\/recover\.example\.com\/|^http:\/\/www\.w3\.org\//.test(link));
      findings.expect(`links: ${name}`, foreign, []);
      findings.expect(`envelope: ${name}`, mail.envelope, { from: 'no-reply@acme.example', to: [owner.email] });
      findings.note(`Message-ID: ${name}`, /@acme\.example>$/.test(mail.messageId ?? ''), mail.messageId);
    }
    return 'the same mail, byte for byte but for the key and the times';
  },
};

const injected: Attack = {
  ids: ['V-27'],
  title: 'headers of a mail that a caller writes',
  needs: 'stage',
  run: async (stage, findings) => {
    const known =
      'auto-submitted content-language content-type date from message-id mime-version subject to x-auto-response-suppress';
    for (const locale of [
      'de\r\nBcc: evil@evil.example',
      '../../etc/passwd',
      '__proto__',
      'en',
      'x'.repeat(2_000),
      '<b>',
      'de-\u0000',
    ]) {
      const owner = await stage.account();
      await stage.stranger().client.requestPasswordReset({ email: owner.email, locale });
      const mail = await stage.inbox.waitFor(({ envelope }) => envelope.to.includes(owner.email), 20_000);
      findings.expect(
        `headers with the locale ${JSON.stringify(locale.slice(0, 20))}`,
        mail.headers
          .map(({ key }) => key)
          .sort()
          .join(' '),
        known,
      );
      findings.expect('recipients', mail.envelope.to, [owner.email]);
      findings.note(
        'the language',
        /^[a-z]{2}$/.test(mail.headers.find(({ key }) => key === 'content-language')?.value ?? ''),
        mail.headers,
      );
    }
    return 'the headers are ours, each once';
  },
};

const markup: Attack = {
  ids: ['V-28'],
  title: 'markup in a mail',
  needs: 'stage',
  run: async (stage, findings) => {
    const productName = '<img src=x>&"{{ link }}';
    await stage.beside({ settings: { PRODUCT_NAME: productName } }, async (other) => {
      for (const local of ["o'neil", 'a&b', 'x={{7*7}}', '$' + '{7*7}', 'a`b', '{%include%}']) {
        const email = other.address().replace('attack', local);
        const known = await other.account(email.replaceAll('%', '')).catch(() => undefined);
        await other.stranger().client.requestPasswordReset({ email: known?.email ?? email });
        await other.stranger().client.signUp({ email: `new-${known?.email ?? email}`, password: 'a password of mine' });
        await other.settled();
      }
      const mails = other.inbox.mails();
      for (const { to, text, html } of mails) {
        findings.note(`the product's name to ${to}`, !html.includes('<img src=x') && text.includes(productName), text);
        findings.note(`markup to ${to}`, !/<script|<iframe|<img|javascript:|\b49\b/i.test(html), html);
      }
    });
    return 'shown as text; nothing is filled in';
  },
};

export const mailTarget: readonly Attack[] = [collisions, poisoned, injected, markup];
