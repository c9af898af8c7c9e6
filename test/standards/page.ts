import { relative } from 'node:path';
import type { Source } from './source.js';
import type { Shown } from './tags.js';

/** From the root of the package. */
export const pagePath = 'docs/security/requirements.md';

const verdicts = ['met', 'decided against', 'does not apply', 'open'] as const;
type Verdict = (typeof verdicts)[number];

interface Row {
  readonly number: string;
  readonly asks: string;
  readonly verdict: Verdict;
  readonly grounds: string;
}

/** What is wrong with the tags and the sources together; empty when each number has one verdict, and its ground. */
export function faultsOf(sources: readonly Source[], tags: readonly Shown[]): string[] {
  const known = new Set(sources.flatMap(({ asks }) => Object.keys(asks)));
  const shown = new Set(tags.map(({ number }) => number));
  const ofTags = tags.flatMap(({ number, file, titles, isSkipped }) => [
    ...(known.has(number) ? [] : [`${file}: no source has the number ${number}`]),
    ...(isSkipped ? [`${file}: ${titles.join(', ')} is skipped and shows nothing`] : []),
    ...(titles.includes('') ? [`${file}: the title of the test that shows ${number} cannot be read`] : []),
  ]);
  const ofSources = sources.flatMap(({ asks, unmet }) => [
    ...Object.keys(unmet)
      .filter((number) => !(number in asks))
      .map((number) => `${number} has a verdict and no summary`),
    ...Object.keys(asks).flatMap((number) => {
      if (number in unmet)
        return shown.has(number) ? [`${number}: ${unmet[number]?.verdict}, but a test has its tag`] : [];
      return shown.has(number) ? [] : [`${number}: no test has its tag, and no reason is given`];
    }),
  ]);
  return [...ofTags, ...ofSources];
}

/** The text of the page. */
export function requirementsPage(sources: readonly Source[], tags: readonly Shown[]): string {
  const byNumber = Map.groupBy(tags, ({ number }) => number);
  const all = sources.map((source) => ({ source, rows: rowsOf(source, byNumber) }));
  const counts = all.map(({ source, rows }) =>
    cells([`[${source.title}](#${anchor(source.title)})`, ...countsOf(rows)]),
  );
  const sum = cells(['**all**', ...countsOf(all.flatMap(({ rows }) => rows))]);
  const chapters = all.map(({ source, rows }) => {
    const lines = rows.map(({ number, asks, verdict, grounds }) => cells([number, asks, `${verdict}: ${grounds}`]));
    return `## ${source.title}\n\n${source.from}\n\n${cells(['', 'asks for', ''])}\n|---|---|---|\n${lines.join('\n')}\n`;
  });
  return `<!-- Made by \`npm run standards\` from tags in the tests and test/standards. Do not edit. -->

# Which requirement is met, and by which test

Each number is **met**, then a test shows it that would fail without it (a comment \`// Shows: …\` above the test says so,
and \`npm test\` runs it); **decided against**, with the reason; about something that Latchkey does not have, then it
**does not apply**; or **open**, with what is missing. A number of which a part is missing is open. Summaries are in our
own words; the sources say more.

${cells(['', ...verdicts])}
|---|---|---|---|---|
${counts.join('\n')}
${sum}

${chapters.join('\n')}`;
}

function rowsOf({ asks, unmet }: Source, byNumber: ReadonlyMap<string, readonly Shown[]>): Row[] {
  return Object.entries(asks).map(([number, text]) => {
    const given = unmet[number];
    const tests = (byNumber.get(number) ?? []).map(linked).sort();
    return given
      ? { number, asks: text, verdict: given.verdict, grounds: given.why }
      : { number, asks: text, verdict: 'met', grounds: [...new Set(tests)].join('; ') };
  });
}

function linked({ file, titles }: Shown): string {
  const name = titles
    .join(' › ')
    .replace(/[\\`*_[\]<>|]/g, '\\$&')
    .replace(/\s+/g, ' ');
  return `[${file.replace(/^test\/|\.test\.ts$/g, '')}](${relative('docs/security', file)}) ${name}`;
}

const countsOf = (rows: readonly Row[]) =>
  verdicts.map((verdict) => String(rows.filter((row) => row.verdict === verdict).length));
const cells = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
const anchor = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
