import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../src/package-files.js';
import { themes } from './attacks/all.js';
import { contestants } from './contestants.js';
import type { Cell, Contestant, PeerAttack } from './peer.js';

/** What came of all attacks on one contestant; kept as JSON between runs. */
export interface Column {
  /** The contestant's. */
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly node: string;
  /** By the attack's title. */
  readonly cells: Readonly<Record<string, Cell>>;
  /** Milliseconds until it served. */
  readonly startMs: number;
  /** Milliseconds for all attacks. */
  readonly ms: number;
}

/** The exact versions of a package.json in `test/attacks/peers`. */
export function versionsOf(folder: string): Readonly<Record<string, string>> {
  const file = join(packageFolder, 'test/attacks/peers', folder, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> }).dependencies;
}

const marks: Record<Cell['kind'], string> = {
  holds: '**holds**',
  'in part': '**in part**',
  'does not hold': '**does not hold**',
  told: '',
  'does not apply': 'does not apply',
  unfinished: '**unfinished**',
};

export function inMarkdown(columns: readonly Column[]): string {
  const tables = Object.entries(themes).map(([theme, attacks]) => `### ${theme}\n\n${table(attacks, columns)}`);
  return `${[
    '# The same attacks on others',
    '<!-- Written by `npm run attack:peers`. Do not edit. -->',
    introduction(columns),
    '## What was attacked',
    list(contestants.map(aboutOne)),
    '## In short',
    summary(columns),
    '## Who holds what',
    ...tables,
    '## What others have and Latchkey does not',
    'The first two follow from the rows above; the others were read in documentation and sources, and are not attacked.',
    list(elsewhere),
    '## To repeat it',
    repeating(columns),
  ].join('\n\n')}\n`;
}

function introduction(columns: readonly Column[]): string {
  const days = [...new Set(columns.map(({ at, node }) => `${at.slice(0, 10)} with Node ${node}`))];
  return `Seen on ${days.join(' and ')} on one machine that other
programs used, too, so that times tell little; as a stranger over HTTP would see it; mails are read in an SMTP server of ours. The inputs are the same for all. **Holds** means that what the
column "wanted" says was seen, nothing more; a row without a verdict is a figure. The wishes are ours, so Latchkey,
which was built to them, is the control: it shows that the attacks measure what they say. The others are made for more
than recovery, and leave some of it to the application on purpose.`;
}

function aboutOne({ name, folder, setUp }: Contestant): string {
  const versions = folder ? Object.entries(versionsOf(folder)).map((each) => each.join(' ')) : [];
  return `**${name}**${versions.length > 0 ? ` (${versions.join(', ')})` : ''}: ${setUp}`;
}

function summary(columns: readonly Column[]): string {
  const rows = columns.map(({ name, cells }) => {
    const count = (kind: Cell['kind']) => Object.values(cells).filter((each) => each.kind === kind).length;
    const counts = [count('holds'), count('in part'), count('does not hold'), count('told') + count('does not apply')];
    return `| ${[name, ...counts, count('unfinished')].join(' | ')} |`;
  });
  const heading = '| | holds | in part | does not hold | figure only, or does not apply | unfinished |';
  return [heading, '|---|---|---|---|---|---|', ...rows].join('\n');
}

function table(attacks: readonly PeerAttack[], columns: readonly Column[]): string {
  const rows = attacks.map(({ title, wanted }) => {
    const seen = columns.map(({ cells }) => inOneCell(cells[title]));
    return `| ${[escaped(title), escaped(wanted), ...seen].join(' | ')} |`;
  });
  const names = columns.map(({ name }) => name);
  return [`| attack | wanted | ${names.join(' | ')} |`, `|---|---|${names.map(() => '---').join('|')}|`, ...rows].join(
    '\n',
  );
}

function inOneCell(cell: Cell | undefined): string {
  if (!cell) return 'not tried';
  return [marks[cell.kind], escaped(withoutTokens(cell.seen))].filter((each) => each !== '').join('; ');
}

/** A page is no place for tokens, even those of accounts that are gone. */
function withoutTokens(seen: string): string {
  return seen.replaceAll(/("token":")[^"]*/g, '$1…').replaceAll(/(\/reset-password\/)\w+/g, '$1…');
}

/** As the cell of a table. Answers of a product can hold anything. */
export function escaped(raw: string): string {
  return raw
    .replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
    .replaceAll(/[\\|<>`[\]*_]/g, (mark) => `\\${mark}`);
}

const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');

/** What the others have; for the versions above. */
const elsewhere = [
  'An owner whose address is flooded with guesses signs in at better-auth and Vendure from any browser: neither counts ' +
    'guesses by account. At Latchkey a browser without a device token has to reset the password first (see the row).',
  'One live key for an account, at Vendure: a newer mail ends the older link. At Latchkey several mails are live at the ' +
    'same time, at most as many as the budget allows.',
  'A used key that refuses every further call, at better-auth and Vendure; Latchkey answers the very same call, with the ' +
    'same password, with the same success for ten minutes, so that a lost answer can be repaired.',
  'Sessions that are rows: better-auth lists them and ends single ones. Latchkey ends all of an account.',
  'Second factors, passkeys, sign-in by other providers and a look at breached passwords, as plugins of better-auth; roles ' +
    'and a shop around the accounts at Vendure.',
  'Fewer machines: better-auth runs inside the application with one database (SQLite, too); Latchkey needs PostgreSQL, ' +
    'Redis, an API and a worker.',
];

function repeating(columns: readonly Column[]): string {
  const times = columns.map(({ name, startMs, ms }) => {
    return `${name} ${Math.round(ms / 1_000)} s (started in ${Math.round(startMs / 1_000)} s)`;
  });
  return `\`npm run attack:peers\` installs the peers from their lock files, starts and attacks one after the other, and writes this
page; \`npm run attack:peers -- vendure\` renews one column of the last run, and \`-- vendure "wrong keys"\` makes one attack
and writes nothing. It took:
${times.join(', ')}. The set-ups are the files \`server.mjs\` in
[test/attacks/peers](../../test/attacks/peers).`;
}
