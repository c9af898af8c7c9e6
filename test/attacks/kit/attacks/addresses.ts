import { documents } from '../../attack.js';
import type { Attack, OutsideAttack } from '../attack.js';
import { kindOf } from '../refusal.js';

const evil = 'evil@evil.example';

/** Texts in the place of the address `local@domain` that are not one plain address, in groups by entry. */
const noAddress = {
  several: (local: string, domain: string) => {
    const one = `${local}@${domain}`;
    return [
      ['by comma', `${one},${evil}`],
      ['by comma and space', `${one}, ${evil}`],
      ['by semicolon', `${one};${evil}`],
      ['by space', `${one} ${evil}`],
      ['by tab', `${one}\t${evil}`],
      ['by a bar', `${one}|${evil}`],
      ['by an ampersand', `${one}&email=${evil}`],
      ['two at signs', `${one}@evil.example`],
      ['brackets', `<${one}>,<${evil}>`],
      ['display names', `A <${one}>, B <${evil}>`],
      ['a group', `all: ${one}, ${evil};`],
      ['a list as text', `["${one}","${evil}"]`],
      ['an object as text', `{"email":"${evil}"}`],
    ];
  },
  injection: (local: string, domain: string) => {
    const one = `${local}@${domain}`;
    return [
      ['NUL', `${one}\0${evil}`],
      ['a line end', `${one}\n${evil}`],
      ['a carriage return', `${one}\r${evil}`],
      ['a percent-encoded line end', `${one}%0d%0aBcc:${evil}`],
      ['Unicode line ends', `${one}\u2028Bcc: ${evil}`],
      ['another header', `${one}\r\nBcc: ${evil}`],
      ['another recipient', `${one}>\r\nRCPT TO:<${evil}`],
      ['the end of the mail', `${one}\r\n.\r\nMAIL FROM:<x@evil.example>`],
      ['parameters', `${one}> NOTIFY=SUCCESS ORCPT=rfc822;${evil}`],
      ['a size', `${one}> SIZE=1`],
      ['a closing bracket', `${one}> <${evil}`],
      ['a comment', `${local}(${evil})@${domain}`],
      ['a nested comment', `${local}${'('.repeat(50)}${')'.repeat(50)}@${domain}`],
      ['a quoted local part', `"${local}"@${domain}`],
      ['a quoted address', `"${one} ${evil}"@evil.example`],
      ['a quoted domain', `${local}@"${domain}"`],
      ['an encoded word', `=?utf-8?q?${local}=40evil.example=3e?=@${domain}`],
      ['an encoded word in base64', `=?utf-8?b?${Buffer.from(`${evil}>`).toString('base64')}?=@${domain}`],
      ['a route', `<@evil.example:${one}>`],
      ['a percent route', `${local}%evil.example@${domain}`],
      ['a bang path', `evil.example!${local}@${domain}`],
      ['a mailto link', `mailto:${one}`],
      ['a header in a mailto link', `mailto:${one}?bcc=${evil}`],
      ['markup', `<script>@${domain}`],
      ['a template', `{{7*7}}@${domain}`.replace('{{', '{{ ')],
    ];
  },
  places: (local: string) => [
    ['an address literal', `${local}@[127.0.0.1]`],
    ['an IPv6 literal', `${local}@[IPv6:::1]`],
    ['an IPv4 address', `${local}@127.0.0.1`],
    ['an IPv4 address in a number', `${local}@2130706433`],
    ['an IPv4 address in hex', `${local}@0x7f.1`],
    ['an IPv4 address in octal', `${local}@0177.0.0.1`],
    ['a full-width IPv4 address', `${local}@１２７.0.0.1`],
    ['localhost', `${local}@localhost`],
    ['a single label', `${local}@example`],
    ['a dot at the end', `${local}@kit.example.`],
    ['two dots', `${local}@kit..example`],
    ['a dot at the start', `${local}@.kit.example`],
    ['a port', `${local}@kit.example:25`],
    ['a path', `${local}@kit.example/x`],
    ['a percent-encoded domain', `${local}@k%69t.example`],
    ['a backslash', `${local}@kit.example\\x`],
    ['an underscore', `${local}@ki_t.example`],
    ['a hyphen at the end', `${local}@kit-.example`],
    ['a soft hyphen', `${local}@ki\u00adt.example`],
    ['a zero-width joiner', `${local}@ki\u200dt.example`],
    ['a right-to-left override', `${local}@\u202ekit.example`],
    ['no domain', `${local}@`],
    ['no local part', '@kit.example'],
    ['no at sign', local],
    ['nothing', ''],
    ['a long domain', `${local}@${'a'.repeat(64)}.example`],
    ['300 characters', `${local}@${'a.'.repeat(150)}example`],
    ['a long local part', `${local.padEnd(65, 'x')}@kit.example`],
    ['10,000 characters', `${local.padEnd(10_000, 'x')}@kit.example`],
  ],
} as const;

function isNone(
  ids: readonly string[],
  title: string,
  texts: (local: string, domain: string) => readonly (readonly string[])[],
): OutsideAttack {
  return {
    ids,
    title,
    needs: 'url',
    run: async (target, findings) => {
      const [local = '', domain = ''] = target.address().split('@');
      for (const [name = '', text = ''] of texts(local, domain)) {
        const input = { email: text };
        const reset = await target.stranger().post({ query: documents.requestPasswordReset, variables: { input } });
        findings.expect(`a request for ${name}`, [reset.status, kindOf(reset)], [200, 'InvalidEmailAddress']);
        const password = 'a long enough password';
        const signUp = await target
          .stranger()
          .post({ query: documents.signUp, variables: { input: { email: text, password } } });
        findings.note(`a sign-up for ${name}`, /^(?:InvalidEmailAddress|SignUpDisabled)$/.test(kindOf(signUp)), signUp);
      }
      return 'one refusal for all, before anything is looked up';
    },
  };
}

const lists: Attack = {
  ids: ['V-02'],
  title: 'several recipients in the structure of a call',
  needs: 'url',
  run: async (target, findings) => {
    const query = documents.requestPasswordReset;
    const one = target.address();
    for (const [name, variables] of [
      ['a list', { input: { email: [one, evil] } }],
      ['a list of one', { input: { email: [one] } }],
      ['a nested list', { input: { email: [[one], [evil]] } }],
      ['an object', { input: { email: { 0: one, 1: evil } } }],
      ['two inputs', { input: [{ email: one }, { email: evil }] }],
      ['emails', { input: { email: one, emails: [evil] } }],
      ['to, cc and bcc', { input: { email: one, to: evil, cc: evil, bcc: evil } }],
      ['email2', { input: { email: one, email2: evil } }],
    ] as const) {
      const answer = await target.stranger().post({ query, variables });
      findings.expect(name, [answer.status, kindOf(answer)], [400, 'BAD_USER_INPUT']);
    }
    const literal = `mutation { requestPasswordReset(input: { email: ["${one}", "${evil}"] }) { __typename } }`;
    findings.expect('a list in the document', (await target.stranger().post({ query: literal })).status, 400);
    const twice = `mutation { requestPasswordReset(input: { email: "${one}", email: "${evil}" }) { __typename } }`;
    findings.expect('the field twice in the document', (await target.stranger().post({ query: twice })).status, 400);
    return 'a list is never an address';
  },
};

export const addresses: readonly Attack[] = [
  lists,
  isNone(['V-02', 'C15'], 'several addresses in one text', noAddress.several),
  isNone(['V-27', 'C15'], 'headers and SMTP commands in an address', noAddress.injection),
  isNone(['V-29'], 'places where no mailbox of a person is', noAddress.places),
];
