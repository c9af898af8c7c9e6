import { describe, expect, it } from 'vitest';
import { absent, Derived, follows, forDev, inProduction, wordsOf } from '../../src/settings/defaults.js';
import { setting } from '../../src/settings/definition.js';
import { settingRows } from '../../src/settings/table.js';
import { integer } from '../../src/settings/values.js';

const constants = settingRows.filter(([, { byDefault }]) => !(byDefault instanceof Derived));

describe('the documented words of a default', () => {
  it.each(constants)('are read as that default: %s', (_name, { value, byDefault }) => {
    const words = wordsOf(byDefault);
    if (words === 'none') expect(['', '[]']).toContain(byDefault === '' ? '' : JSON.stringify(byDefault));
    else expect(value(words)).toEqual({ kind: 'Read', value: byDefault });
  });

  it('are made from the rule where it is no constant', () => {
    const known = {
      command: 'dev',
      NODE_ENV: 'development',
      PORT: 4100,
      PUBLIC_URL: 'https://id.example',
      ACCOUNTS: undefined,
      SIGN_IN: true,
    } as const;
    const url = follows('PORT', (port) => `http://localhost:${port}`);
    expect([url.words, url.from(known)]).toEqual(['http://localhost:PORT', 'http://localhost:4100']);
    const host = inProduction('0.0.0.0', '127.0.0.1');
    expect([host.words, host.from(known)]).toEqual(['127.0.0.1; 0.0.0.0 in production', '127.0.0.1']);
    expect(host.from({ ...known, NODE_ENV: 'production' })).toBe('0.0.0.0');
    const signUp = forDev('open', 'closed');
    expect([signUp.words, signUp.from(known)]).toEqual(['closed; open for `dev`', 'open']);
    expect(signUp.from({ ...known, NODE_ENV: 'production' })).toBe('closed');
    expect(signUp.from({ ...known, command: 'api' })).toBe('closed');
  });

  it('cannot be of another type than the setting: this file would not compile', () => {
    // @ts-expect-error the default is a word, but the setting is a number
    setting({ value: integer(0, 9), byDefault: 'three', meaning: '' });
    // @ts-expect-error the derived default is a word, but the setting is a number
    setting({ value: integer(0, 9), byDefault: forDev('three', 'four'), meaning: '' });
    const row = setting({ value: integer(0, 9), byDefault: absent(), meaning: '' });
    expect(wordsOf(row.byDefault)).toBe('none');
  });
});
