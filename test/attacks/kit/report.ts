import type { Outcome, Result } from './attack.js';

export interface Report {
  /** What was attacked. */
  readonly target: string;
  /** When it ended. */
  readonly at: Date;
  readonly results: readonly Result[];
}

const kinds = ['broken', 'unfinished', 'held', 'left-out'] as const;
const headings: Record<Outcome['kind'], string> = {
  broken: 'Broken',
  unfinished: 'Unfinished: nothing is known',
  held: 'Held',
  'left-out': 'Left out',
};

export function counts(results: readonly Result[]): Record<Outcome['kind'], number> & { inputs: number } {
  const count = { broken: 0, unfinished: 0, held: 0, 'left-out': 0, inputs: 0 };
  for (const { outcome } of results) {
    count[outcome.kind]++;
    if (outcome.kind !== 'left-out') count.inputs += outcome.tried;
  }
  return count;
}

export function summary(results: readonly Result[]): string {
  const { broken, unfinished, held, inputs, 'left-out': leftOut } = counts(results);
  const attacks = `${results.length - leftOut} attacks with ${inputs} inputs: ${held} held, ${broken} broken`;
  return `${attacks}${unfinished > 0 ? `, ${unfinished} unfinished` : ''}; ${leftOut} left out`;
}

export function inMarkdown({ target, at, results }: Report): string {
  const parts = kinds.flatMap((kind) => {
    const these = results.filter(({ outcome }) => outcome.kind === kind);
    return these.length === 0 ? [] : [`## ${headings[kind]}`, table(these)];
  });
  return `${['# Attacks', `${target}, ${at.toISOString()}. ${summary(results)}.`, ...parts].join('\n\n')}\n`;
}

export function inJson({ target, at, results }: Report): string {
  return `${JSON.stringify({ target, at, counts: counts(results), results }, null, 2)}\n`;
}

export function inOneLine({ ids, title, outcome, ms }: Result): string {
  return `${outcome.kind.padEnd(10)} ${ids.join(' ')}: ${title}; ${wordsOf(outcome)} (${ms} ms)`;
}

function table(results: readonly Result[]): string {
  const rows = results.map(({ ids, title, outcome }) =>
    [ids.join(' '), title, 'tried' in outcome ? outcome.tried : '', wordsOf(outcome)].map(cell).join(' | '),
  );
  return [
    '| entries | attack | inputs | what was seen |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function wordsOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'held':
      return outcome.seen;
    case 'broken':
      return outcome.evidence.join('; ');
    case 'left-out':
      return outcome.reason;
    case 'unfinished':
      return outcome.fault;
  }
}

/** Evidence is what a target answered, so it can hold anything. */
function cell(text: string | number): string {
  return String(text)
    .replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
    .replaceAll(/[\\|<>`[\]*_]/g, (mark) => `\\${mark}`);
}
