import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { most, usual } from '../../../../src/accounts/passwords/forms/bounds.js';
import { families } from '../../../../src/accounts/passwords/forms/families.js';
import { parseImportedHash } from '../../../../src/accounts/passwords/forms/imported-hash.js';

const rows = readFileSync('docs/hash-forms.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, form = '', writing = '', , allowed = '', never = '']) => ({
    forms: [...form.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
    writings: [...writing.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? ''),
    allowed: allowed.match(/\d+/g)?.map(Number) ?? [],
    never: never.match(/\d+/g)?.map(Number) ?? [],
  }));
const rowOf = (form: string) => rows.find(({ forms }) => forms.includes(form));

it('every form that is verified stands in the table of the document, in one row, and no other does', () => {
  expect(rows.flatMap(({ forms }) => forms).sort()).toEqual(families.flatMap(({ algorithms }) => algorithms).sort());
});

it.each([
  ['argon2id', [usual.memoryKib, usual.memoryPasses], [most.memoryKib, most.memoryPasses, most.parallelism]],
  ['bcrypt', [usual.bcryptCost], [most.bcryptCost]],
  ['scrypt', [usual.memoryKib, usual.scryptParallelism], [most.memoryKib, most.scryptParallelism]],
  ['pbkdf2-sha256', [usual.pbkdf2Rounds], [most.pbkdf2Rounds]],
  ['sha512-crypt', [usual.cryptRounds], [most.cryptRounds]],
  ['phpass', [usual.phpassCost], [most.phpassCost]],
])('with its bounds: %s', (form, allowed, never) => {
  expect(rowOf(form)).toMatchObject({ allowed, never });
});

it('and each way of writing there is one that its family knows', () => {
  for (const { forms, writings } of rows) {
    const family = families.find(({ algorithms }) => algorithms.some((each) => each === forms[0]));
    for (const text of writings) {
      const isSpelled = !/^(?:argon2|AQAAAA|rounds=|salt:digest)$/.test(text);
      if (isSpelled) expect(family?.begins.test(text), text).toBe(true);
    }
  }
});

it('and nothing that stands there as not read is begun so by a family', () => {
  const [, section = ''] = readFileSync('docs/hash-forms.md', 'utf8').split('## Not read');
  const writings = [...section.matchAll(/`([$:*{][^`]*)`/g)].map(([, text]) => text ?? '');
  expect(writings.length).toBeGreaterThan(10);
  for (const text of writings) expect(parseImportedHash(`${text}${'a'.repeat(40)}`).kind, text).toBe('refused');
});
