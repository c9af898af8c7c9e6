import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { wordsOf } from '../../src/settings/defaults.js';
import { settingRows } from '../../src/settings/table.js';

const read = (path: string) => readFileSync(join(packageFolder, path), 'utf8');
/** The cells of each row of the table that follows this line. */
function rowsAfter(page: string, line: string): string[][] {
  const [, after = ''] = page.split(`${line}\n`);
  const [, table = ''] = /((?:^\|.*\n)+)/m.exec(after) ?? [];
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
}

describe('the limits in docs/security.md', () => {
  /** The row of each limit, by how its first cell begins. */
  const rowOf: Record<string, string> = {
    LIMIT_RESET_PER_ACCOUNT: 'reset mails to an account',
    LIMIT_RESET_PER_CLIENT: 'reset requests of a client',
    LIMIT_RESET_PER_NETWORK: 'reset requests of a network',
    LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS: 'mails to an address without',
    LIMIT_NOTIFY_UNKNOWN_PER_CLIENT: 'mails to an address without',
    LIMIT_NOTIFY_UNKNOWN_IN_ALL: 'mails to an address without',
    LIMIT_KEY_FAILURES_PER_CLIENT: 'unknown keys',
    LIMIT_KEY_FAILURES_PER_NETWORK: 'unknown keys',
    LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: 'failed sign-ins, address and client',
    LIMIT_SIGN_IN_PER_CLIENT: 'failed sign-ins of a client',
    LIMIT_SIGN_IN_PER_NETWORK: 'failed sign-ins of a client',
    LIMIT_SIGN_IN_PER_ADDRESS: 'failed sign-ins of an address',
    LIMIT_SIGN_IN_PER_DEVICE: 'failed sign-ins of a device',
    LIMIT_CHANGE_PASSWORD_PER_ACCOUNT: 'wrong current passwords of a session, changes',
    LIMIT_HASH_PER_CLIENT: 'hashing calls',
    LIMIT_HASH_PER_NETWORK: 'hashing calls',
    LIMIT_SIGN_UP_PER_CLIENT: 'sign-ups of a client',
    LIMIT_SIGN_UP_PER_NETWORK: 'sign-ups of a client',
  };
  const limits = settingRows.filter(([name]) => name.startsWith('LIMIT_'));

  // Shows: R-05, ASVS 6.1.1
  it('are all there, with the real defaults, and each says who is refused and what stays open', () => {
    expect(limits.map(([name]) => name).sort()).toEqual(Object.keys(rowOf).sort());
    const rows = rowsAfter(read('docs/security.md'), '## Limits, and why none can be used against an owner');
    for (const [name, { byDefault }] of limits) {
      const [, defaults = '', effect = ''] = rows.find(([first]) => first?.startsWith(rowOf[name] ?? '')) ?? [];
      const numbers = wordsOf(byDefault).split(',');
      expect(numbers.length, name).toBeGreaterThan(0);
      for (const each of numbers) {
        expect(each, name).toMatch(/^\d+\/\d+$/);
        expect(defaults.replaceAll(/[^\d/]+/g, ' ').split(' '), name).toContain(each);
      }
      expect(effect.length, name).toBeGreaterThan(5);
    }
  });
});

describe('docs/security/threat-model.md', () => {
  const page = read('docs/security/threat-model.md');

  // Shows: ASVS 6.1.3, ASVS 6.3.4
  it('names every way to authenticate or to set a password, with its controls', () => {
    const rows = rowsAfter(page, '## Ways in');
    const ways = rows.map(([way = '']) => way.replaceAll('`', ''));
    const mutations = Object.keys(buildSchema(read('schema/schema.graphql')).getMutationType()?.getFields() ?? {});
    // The one that proves nothing and sets nothing.
    const expected = mutations.filter((name) => name !== 'requestPasswordReset');
    // `disable` and `show` open nothing.
    const commands = ['add', 'import', 'enable'].map((name) => `latchkey account ${name}`);
    expect(ways.sort()).toEqual([...expected, ...commands].sort());
    for (const cells of rows) expect(cells.filter((cell) => cell.length > 3)).toHaveLength(3);
  });

  // Shows: ASVS 7.1.1, ASVS 7.1.2
  it('says how long a session lives, that it does not idle, and how many an account may have', () => {
    const [, seconds] = /`ACCESS_TOKEN_TTL`, (\d+) seconds, whether it is used or not/.exec(page) ?? [];
    const [, setting] = settingRows.find(([name]) => name === 'ACCESS_TOKEN_TTL') ?? [];
    expect(Number(seconds)).toBe(Number(setting?.byDefault));
    expect(page.replace(/\s+/g, ' ')).toContain('An account may have any number at the same time');
  });
});
