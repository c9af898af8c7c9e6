import { randomBytes } from 'node:crypto';
import { documents } from '../../attack.js';
import type { Attack } from '../attack.js';
import { kindOf } from '../refusal.js';
import { newPassword } from '../stage.js';

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const look = 'query($key: String!) { passwordResetKey(key: $key) { __typename ... on InvalidResetKey { reason } } }';
const reset =
  'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename ... on InvalidResetKey { reason } } }';

/** Texts in the place of a key that are none. */
const noKeys = (): readonly (readonly [string, string])[] => [
  ['nothing', ''],
  ['one character', 'x'],
  ['a blank', ' '],
  ['a star', '*'],
  ['null as text', 'null'],
  ['undefined as text', 'undefined'],
  ['zero', '0'],
  ['true', 'true'],
  ['an empty list as text', '[]'],
  ['an operator as text', '{"$ne":null}'],
  ['42 characters', 'A'.repeat(42)],
  ['44 characters', 'A'.repeat(44)],
  ['all zero', 'A'.repeat(43)],
  ['not canonical', `${'A'.repeat(42)}B`],
  ['padded', `${'A'.repeat(43)}=`],
  ['plain base64', `${'+/'.repeat(21)}A`],
  ['a NUL at the end', `${'A'.repeat(43)}\0`],
  ['a NUL inside', `${'A'.repeat(21)}\0${'A'.repeat(21)}`],
  ['line ends', `${'A'.repeat(43)}\r\n`],
  ['hex', randomBytes(32).toString('hex')],
  ['a UUID', '00000000-0000-4000-8000-000000000000'],
  ['a name in Redis', `reset:${'A'.repeat(43)}`],
  ['a pattern', 'reset:*'],
  ['a path', '../../../etc/passwd'],
  ['SQL', `' or '1'='1`],
  ['full width', 'Ａ'.repeat(43)],
  ['a lone surrogate', `\ud800${'A'.repeat(42)}`],
  ['10,000 characters', 'A'.repeat(10_000)],
  ['a random one', randomBytes(32).toString('base64url')],
];

const shapes: Attack = {
  ids: ['V-10'],
  title: 'keys that are none',
  needs: 'url',
  run: async (target, findings) => {
    const wanted = { __typename: 'InvalidResetKey', reason: 'UNKNOWN' };
    for (const [name, key] of noKeys()) {
      const looked = await target.stranger().post({ query: look, variables: { key } });
      findings.expect(`a look with ${name}`, JSON.parse(looked.body), { data: { passwordResetKey: wanted } });
      const used = await target.stranger().post({ query: reset, variables: { input: { key, password: newPassword } } });
      findings.expect(`a reset with ${name}`, JSON.parse(used.body), { data: { resetPassword: wanted } });
    }
    return 'UNKNOWN for each, in the same bytes as for a random key';
  },
};

const unread: Attack = {
  ids: ['V-10', 'C15'],
  title: 'a text that is no key on its way to Redis',
  needs: 'stage',
  run: async (stage, findings) => {
    const seen: string[] = [];
    const monitor = await stage.redis.monitor();
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
    const marks = ['canary-7f3a91d2c4e8', `canary-7f3a91d2c4e8${'A'.repeat(24)}`];
    for (const key of marks) {
      await stage.stranger().client.passwordResetKey(key);
      await stage.stranger().client.resetPassword({ key, password: newPassword });
      await stage.stranger().client.confirmSignUp({ key, password: newPassword });
    }
    await stage.redis.echo('the last command');
    monitor.disconnect();
    findings.note('commands were seen', seen.length > 0, seen);
    findings.expect(
      'commands that hold the text',
      seen.filter((command) => command.includes('canary')),
      [],
    );
    return `${seen.length} commands, none of which holds it`;
  },
};

const random: Attack = {
  ids: ['V-11'],
  title: 'keys that can be guessed from others',
  needs: 'stage',
  run: async (stage, findings) => {
    const count = stage.isFull ? 400 : 60;
    const owners = await Promise.all(many(count, () => stage.account()));
    const keys: string[] = [];
    for (let start = 0; start < count; start += 20)
      keys.push(...(await Promise.all(owners.slice(start, start + 20).map(({ email }) => stage.keyFor(email)))));
    const bytes = keys.map((key) => Buffer.from(key, 'base64url'));
    for (const [index, each] of bytes.entries())
      findings.note('a key', each.length === 32 && each.toString('base64url') === keys[index], keys[index]);
    findings.expect('different keys', new Set(keys).size, count);
    const ones = Buffer.concat(bytes).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    const bits = 256 * count;
    // Five standard deviations: by chance once in 1.7 million runs.
    findings.note('bits that are set', Math.abs(ones - bits / 2) < 2.5 * Math.sqrt(bits), `${ones} of ${bits}`);
    const pairs = new Set(bytes.flatMap((each) => many(29, (from) => each.subarray(from, from + 4).toString('hex'))));
    findings.note('four bytes that come twice', pairs.size >= 29 * count - 3, `${29 * count - pairs.size}`);
    return `${count} keys of 256 bits, no pattern`;
  },
};

const counted: Attack = {
  ids: ['V-21'],
  title: 'guessing keys from many addresses',
  needs: 'stage',
  run: async (stage, findings) => {
    const key = () => randomBytes(32).toString('base64url');
    const query = documents.resetPassword;
    const guess = async (from: string) =>
      kindOf(
        await stage.stranger({ from }).post({ query, variables: { input: { key: key(), password: newPassword } } }),
      );
    const one = `${stage.network()}1`;
    const answers = [];
    for (let count = 0; count < 25; count++) answers.push(await guess(one));
    findings.expect(
      'guesses of one client that were heard',
      answers.filter((each) => each === 'InvalidResetKey').length,
      20,
    );
    const network = stage.network();
    const all = [];
    for (let count = 0; count < 230; count++) all.push(await guess(`${network}${(count % 200) + 1}`));
    findings.tried += answers.length + all.length;
    findings.expect(
      'guesses of one network that were heard',
      all.filter((each) => each === 'InvalidResetKey').length,
      200,
    );
    const owner = await stage.withKey();
    const result = await stage.stranger({ from: one }).client.resetPassword({ key: owner.key, password: newPassword });
    findings.expect('a real key from the same address', result.__typename, 'PasswordResetCompleted');
    return '20 of a client and 200 of a network are heard; a real key is not held up';
  },
};

export const keys: readonly Attack[] = [shapes, unread, random, counted];
