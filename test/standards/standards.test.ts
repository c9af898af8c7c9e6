import { beforeAll, describe, expect, it } from 'vitest';
import { faultsOf, requirementsPage } from './page.js';
import { absent, decided, open, type Source } from './source.js';
import { sources } from './sources.js';
import { allTags, type Shown, tagsIn } from './tags.js';

describe('docs/security/requirements.md', () => {
  let tags: Shown[];
  beforeAll(async () => {
    tags = await allTags();
  });

  it('gives every number one verdict: a test that runs, or a reason', () => {
    expect(faultsOf(sources, tags)).toEqual([]);
  });

  it('has every number of the sources, each once', () => {
    const numbers = sources.flatMap(({ asks }) => Object.keys(asks));
    expect(new Set(numbers).size).toBe(numbers.length);
    const all = (letter: string, last: number) =>
      Array.from({ length: last }, (_, index) => `${letter}-${String(index + 1).padStart(2, '0')}`);
    expect(numbers.filter((number) => number.startsWith('V-'))).toEqual(all('V', 51));
    expect(numbers.filter((number) => number.startsWith('G-'))).toEqual(all('G', 21));
    // Numbers of clauses in each section of ASVS 5.0.
    const sections = { 6.1: 3, 6.2: 12, 6.3: 8, 6.4: 6, 6.5: 8, 6.6: 4, 6.7: 2, 6.8: 4 };
    const more = { 7.1: 3, 7.2: 4, 7.3: 2, 7.4: 5, 7.5: 3, 7.6: 2, 9.1: 3, 9.2: 4 };
    const clauses = Object.entries({ ...sections, ...more }).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, index) => `ASVS ${section}.${index + 1}`),
    );
    expect(numbers.filter((number) => number.startsWith('ASVS'))).toEqual(clauses);
  });
});

const shown = (number: string, more: Partial<Shown> = {}): Shown => ({
  number,
  file: 'test/a.test.ts',
  titles: ['a group', 'a test'],
  isSkipped: false,
  ...more,
});
const source = (unmet: Source['unmet'] = {}): Source => ({
  title: 'A source',
  from: 'Of ours.',
  asks: { 'X-01': 'one', 'X-02': 'two' },
  unmet,
});

it.each<[string, Source, Shown[], RegExp]>([
  ['a number without a verdict', source(), [shown('X-01')], /^X-02: no test has its tag/],
  ['a tag of an unknown number', source(), [shown('X-01'), shown('X-02'), shown('X-03')], /no source has .* X-03/],
  ['a tag beside "open"', source({ 'X-02': open('…') }), [shown('X-01'), shown('X-02')], /^X-02: open, but a test/],
  ['a tag beside "decided"', source({ 'X-02': decided('…') }), [shown('X-01'), shown('X-02')], /decided against, but/],
  ['a tag beside "absent"', source({ 'X-02': absent('…') }), [shown('X-01'), shown('X-02')], /does not apply, but/],
  ['a verdict on nothing', source({ 'X-03': open('…') }), [shown('X-01'), shown('X-02')], /^X-03 has a verdict/],
  ['a test that is skipped', source(), [shown('X-01'), shown('X-02', { isSkipped: true })], /is skipped/],
  ['a title that is not found', source(), [shown('X-01'), shown('X-02', { titles: ['', 'x'] })], /cannot be read/],
])('is refused: %s', (_what, of, tags, fault) => {
  expect(faultsOf([of], tags)).toEqual([expect.stringMatching(fault)]);
});

it('a page names the test, its file and the counts', () => {
  const page = requirementsPage([source({ 'X-02': open('not built') })], [shown('X-01', { titles: ['<a>', 'b|c'] })]);
  expect(page).toContain('| X-01 | one | met: [a](../../test/a.test.ts) \\<a\\> › b\\|c |');
  expect(page).toContain('| X-02 | two | open: not built |');
  expect(page).toContain('| [A source](#a-source) | 1 | 0 | 0 | 1 |');
});

describe('a tag', () => {
  // Joined here, so that this file itself has no tag.
  const line = (numbers: string) => `// ${'Shows'}: ${numbers}`;
  const read = (...lines: string[]) => tagsIn('test/a.test.ts', lines.join('\n'));
  const title = (...lines: string[]) => read(line('X-01'), ...lines)[0]?.titles;

  it('is read above a test, a table of tests and a group, whatever their quotes', () => {
    expect(title(`it('says "so"', () => {`)).toEqual(['says "so"']);
    expect(title(`test.skipIf(!there)('is it\\'s', () => {`)).toEqual([`is it's`]);
    expect(title('it.each([', "  ['a', /x/],", "])('reads %s', (a) => {")).toEqual(['reads %s']);
    expect(title('it.each<[string, A]>([', "  ['a', b],", "] as const)('reads %s', (a) => {")).toEqual(['reads %s']);
    expect(title(`it.each(cases)(`, `  'reads %s',`, '  (a) => {')).toEqual(['reads %s']);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source.
    expect(title('describe.skipIf(no)(`a group${why}`, () => {')).toEqual(['a group']);
  });

  it('has the groups around the test, and more than one number', () => {
    const tags = read(
      `describe('other', () => {`,
      '});',
      `describe.each(all)('outer', () => {`,
      `  describe('beside', () => {`,
      '  });',
      `  describe('inner', () => {`,
      `    ${line('X-01, X-02')}`,
      `    ${line('X-03')}`,
      `    it('a test', () => {`,
    );
    expect(tags.map(({ number }) => number)).toEqual(['X-01', 'X-02', 'X-03']);
    for (const { titles, isSkipped } of tags)
      expect([titles, isSkipped]).toEqual([['outer', 'inner', 'a test'], false]);
  });

  it('of what never runs is told', () => {
    expect(read(line('X-01'), `it.skip('a', () => {`)).toMatchObject([{ isSkipped: true }]);
    expect(read(`describe.skip('a', () => {`, `  ${line('X-01')}`, `  it('b', () => {`)).toMatchObject([
      { isSkipped: true },
    ]);
    expect(read(line('X-01'), `it.todo('a');`)).toMatchObject([{ isSkipped: true }]);
  });

  it('is refused above anything else, and where `npm test` does not look', () => {
    expect(() => read(line('X-01'), 'const a = 1;')).toThrow(/above no test/);
    expect(() => read(line('X-01'), '', `it('a', () => {`)).toThrow(/above no test/);
    expect(() => tagsIn('test/a.flood.ts', `${line('X-01')}\nit('a', () => {`)).toThrow(/does not run/);
  });
});
