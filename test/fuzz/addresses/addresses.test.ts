import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { packageFolder } from '../../../src/package-files.js';
import { keptCases } from '../seeds.js';
import { fuzz } from '../stretches.js';
import { differences } from './differences.js';
import { addresses } from './fuzzer.js';
import { addressesPage } from './page.js';
import { readByReference } from './reference.js';

const size = { cases: 4_000, seed: 20_261_127, shrinking: 500 };

describe('the parser of addresses', () => {
  it('differs from the reference in the listed ways only, over generated texts', async () => {
    const { findings, kinds } = await fuzz(addresses(), size);
    expect(findings).toEqual([]);
    // The generator makes right addresses, wrong ones, and most of the listed kinds.
    expect(kinds['both accept']).toBeGreaterThan(size.cases / 20);
    expect(kinds['both refuse']).toBeGreaterThan(size.cases / 20);
    expect(Object.keys(kinds).length).toBeGreaterThan(12);
  });

  it.each(differences)('differs as listed: $name', async ({ ours, holds, example, name }) => {
    const { judge } = await addresses().open({ measured: false });
    expect(holds(readByReference(example))).toBe(true);
    expect(judge(example)).toBe(`${ours === 'refuses' ? 'refused' : 'accepted'}: ${name}`);
  });

  it.each(keptCases<string>('addresses'))('holds for a kept case: $why', async ({ case: text }) => {
    const { judge } = await addresses().open({ measured: false });
    expect(judge(text)).toEqual(expect.any(String));
  });
});

describe('the judge of addresses finds', () => {
  it.each([
    [
      'a parser that takes more',
      (text: string) => parseEmailAddress(text.replace('%', '')),
      /although it is a source route/,
    ],
    [
      'a parser that takes less',
      (text: string) => (/[#&~]/.test(text) ? undefined : parseEmailAddress(text)),
      /is refused/,
    ],
    ['a parser that trims tabs', (text: string) => parseEmailAddress(text.trim()), /reference refuses|is accepted/],
    ['a parser that keeps capitals', (text: string) => parseEmailAddress(text) && text, /read as another one/],
    ['a parser that drops a label', (text: string) => parseEmailAddress(text)?.replace('.example', '.com'), /another/],
    [
      'a parser that throws',
      (text: string) => {
        if (text.includes('$')) throw new TypeError('not this');
        return parseEmailAddress(text);
      },
      /another error: TypeError/,
    ],
  ])('%s', async (_name, parse, why) => {
    const { findings } = await fuzz(addresses(parse), { ...size, cases: 2_000 });
    expect(findings.map((each) => each.why).join('\n')).toMatch(why);
  });
});

it('docs/security/addresses.md is what the list of differences makes', () => {
  expect(readFileSync(`${packageFolder}docs/security/addresses.md`, 'utf8')).toBe(addressesPage());
});
