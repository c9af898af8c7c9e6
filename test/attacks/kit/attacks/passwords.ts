import { documents } from '../../attack.js';
import type { Attack } from '../attack.js';
import { opens } from '../owner.js';
import { expectRefused, kindOf } from '../refusal.js';
import { newPassword, password, type Stage } from '../stage.js';

/** Makes an account whose owner sets this password by a link. @returns its address and what the reset answered. */
async function withPassword(stage: Stage, text: string) {
  const { email, key } = await stage.withKey();
  const result = await stage.stranger().client.resetPassword({ key, password: text });
  return { email, key, kind: result.__typename };
}

const policy =
  'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename ... on PasswordRejected { violations { rule } } } }';
const someKey = 'A'.repeat(43);

const weak: Attack = {
  ids: ['C13a', 'V-39'],
  title: 'passwords that anybody would try, and endless ones',
  needs: 'url',
  run: async (target, findings) => {
    const rule = async (text: string) => {
      const answer = await target
        .stranger()
        .post({ query: policy, variables: { input: { key: someKey, password: text } } });
      const { violations = [] } = JSON.parse(answer.body).data?.resetPassword ?? {};
      return (violations as { rule: string }[]).map((each) => each.rule).join();
    };
    for (const text of [
      ' '.repeat(15),
      '.'.repeat(40),
      'aaaaaaaaaaaaaaaa',
      'dragondragondragon',
      'abcabcabcabcabcabc',
      'abcdabcdabcdabcd',
      '123123123123123',
      '1234567890123456',
      'qwertzuiopasdfghjkl',
      'qwertyuiopasdfgh',
      'azertyuiopqsdfgh',
      'zxcvbnmasdfghjkl',
      'password1iloveyou2',
      'passwordpassword1',
      'Password1Password1',
      'iloveyouiloveyou',
      'letmeinletmeinletmein',
      'monkeydragonmaster',
      '😀'.repeat(15),
    ])
      findings.expect(text, await rule(text), 'TOO_COMMON');
    for (const length of [0, 1, 8, 14])
      findings.note(
        `${length} characters`,
        (await rule('kV9#mQ2$xZ7!pL'.slice(0, length))).includes('TOO_SHORT'),
        'not too short',
      );
    for (const length of [129, 1_000, 10_000])
      findings.note(
        `${length} characters`,
        (await rule('kV9#mQ2$xZ7!pLw'.repeat(700).slice(0, length))).includes('TOO_LONG'),
        'not too long',
      );
    for (const text of ['fifteen and more \ud800', '\udc00 fifteen and more', 'fifteen \udfff\ud800 and more'])
      findings.note('a lone surrogate', (await rule(text)).includes('NOT_WELL_FORMED'), await rule(text));
    for (const bytes of [20_000, 1_000_000]) {
      const input = { email: target.address(), password: 'x'.repeat(bytes) };
      await expectRefused(findings, `${bytes} characters to sign in`, () =>
        target.stranger().post({ query: documents.signIn, variables: { input } }),
      );
    }
    const long = { email: target.address(), password: '\u0344'.repeat(4_000) };
    const answer = await target.stranger().post({ query: documents.signIn, variables: { input: long } });
    findings.expect('4,000 characters that normalisation doubles', kindOf(answer), 'InvalidCredentials');
    return 'each refused by its rule, before a key is looked up';
  },
};

const significant: Attack = {
  ids: ['V-39', 'V-41', 'V-42'],
  title: 'passwords that differ where some hash or normalisation does not look',
  needs: 'stage',
  run: async (stage, findings) => {
    const long = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0x4e00 + index * 7)).join('');
    const pairs: Record<string, { set: string; same?: string[]; others: string[] }> = {
      '128 characters': {
        set: long,
        others: [long.slice(0, 127), `${long.slice(0, 127)}x`, `${long}x`, long.slice(0, 72), long.slice(0, 24)],
      },
      'NUL inside': {
        set: 'before the NUL\0after the NUL',
        others: ['before the NUL', 'before the NUL\0', 'before the NUL\0after the NUK', 'before the NULafter the NUL'],
      },
      'blanks around': {
        set: '  blanks around the words  ',
        others: ['blanks around the words', '  blanks around the words', ' blanks around the words '],
      },
      'upper and lower case': { set: 'Upper And Lower Case', others: ['upper and lower case', 'UPPER AND LOWER CASE'] },
      'decomposed letters': {
        set: 'cafe\u0301 cre\u0301me bru\u0302le\u0301e',
        same: ['café créme brûlée'],
        others: ['cafe creme brulee'],
      },
      'composed letters': {
        set: 'Ångström über älter',
        same: ['A\u030angstro\u0308m u\u0308ber a\u0308lter', '\u212bngström über älter'],
        others: ['Angstrom uber alter'],
      },
      'full-width digits': { set: 'number １２３４５６７８９', others: ['number 123456789', 'number ①②③④⑤⑥⑦⑧⑨'] },
      'a ligature': { set: 'ﬁne words of a waﬄe', others: ['fine words of a waffle'] },
      emoji: { set: '👩‍👩‍👧 and 14 other signs', others: ['👩👩👧 and 14 other signs', '👩‍👩‍👦 and 14 other signs'] },
      'control characters': {
        set: 'a\tb\rc\nd\u007fe\u0085f and more',
        others: ['abcdef and more', 'a b c d e f and more'],
      },
    };
    for (const [name, { set, same = [], others }] of Object.entries(pairs)) {
      const { email, kind } = await withPassword(stage, set);
      if (!findings.expect(`${name} as a new password`, kind, 'PasswordResetCompleted')) continue;
      for (const text of [set, ...same]) findings.expect(`${name}: the same`, await opens(stage, email, text), true);
      for (const text of others)
        findings.expect(`${name}: ${JSON.stringify(text).slice(0, 40)}`, await opens(stage, email, text), false);
    }
    const { email } = await withPassword(stage, 'a long password \ufffd');
    findings.expect('a lone surrogate for U+FFFD', await opens(stage, email, 'a long password \ud800'), false);
    return 'every code point counts; what Unicode calls equal is equal';
  },
};

const same: Attack = {
  ids: ['C13a'],
  title: 'the present password as the new one, and its confirmation by guesses',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email, key } = await stage.withKey();
    const kinds: string[] = [];
    for (let count = 0; count < 12; count++) {
      const { body } = await stage.stranger().post({ query: policy, variables: { input: { key, password } } });
      kinds.push(/"rule":"(\w+)"/.exec(body)?.[1] ?? kindOf({ status: 200, headers: {}, body }));
    }
    findings.tried += kinds.length;
    findings.expect('twelve tries', kinds, [...Array(10).fill('SAME_AS_BEFORE'), 'TooManyRequests', 'TooManyRequests']);
    const local = email.split('@')[0] ?? '';
    for (const text of [`${local}1`, `${email}`, `Acme ${local}!`, `acme acme acme acme`])
      findings.expect(
        text,
        (await stage.stranger().client.resetPassword({ key, password: text })).__typename,
        'PasswordRejected',
      );
    findings.expect(
      'another one',
      (await stage.stranger().client.resetPassword({ key, password: newPassword })).__typename,
      'PasswordResetCompleted',
    );
    return 'told ten times a day; another password passes';
  },
};

export const passwords: readonly Attack[] = [weak, significant, same];
