import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { entryKeys } from '../../../src/commands/accounts/import/entry.js';
import { Finding } from '../fuzzer.js';
import type { ImportCase } from './cases.js';

/** What an import handed to the database for a line. */
export interface Row {
  readonly line: number;
  readonly id: string;
  readonly idGiven: boolean;
  readonly email: string;
  readonly hash: string | null;
  readonly locale: string | null;
}

/** What an import of a file did. */
export interface Imported {
  readonly ended: string;
  readonly cause?: unknown;
  readonly rows: readonly Row[];
  readonly counted: number;
  readonly said: string;
}

const longest = 16_384;

export function bytesOf({ lines, encoding, mark, end, hasLastEnd }: ImportCase): Buffer {
  const text = `${mark ? '\ufeff' : ''}${lines.map((line) => line.text).join(end)}${hasLastEnd ? end : ''}`;
  return Buffer.from(text, encoding);
}

/** @returns the kind of the end. @throws Finding */
export function judgeImport(each: ImportCase, { ended, cause, rows, counted, said }: Imported): string {
  expectNoSecret(each, said);
  if (ended === 'wrong-form') {
    if (rows.length > 0) throw new Finding('rows of a file of the wrong form were added');
    if (each.lines[0]?.isSound && isPlain(each)) throw new Finding('a right file is of the wrong form');
    return ended;
  }
  if (ended !== 'complete') throw new Finding(`an import ended with ${ended}: ${String(cause)}`);
  const lines = linesOf(bytesOf(each));
  const filled = lines.filter((text) => text === undefined || text.trim() !== '').length;
  if (counted !== filled) throw new Finding('the counts of an import are not the lines of its file');
  for (const row of rows) expectWholeEntry(row, lines[row.line - 1]);
  const taken = new Set(rows.map(({ line }) => line));
  const isTold = (line: number) => said.includes(`line ${line}: `);
  if (lines.some((text, index) => text?.trim() !== '' && !taken.has(index + 1) && !isTold(index + 1))) {
    throw new Finding('a line is neither added nor refused by its number');
  }
  const lost = isPlain(each) && each.lines.some(({ isSound }, index) => isSound && !taken.has(numberOf(each, index)));
  if (lost) throw new Finding('a right line is refused');
  return rows.length === 0 ? 'all refused' : rows.length === filled ? 'all added' : 'some added';
}

/** Each line of the file as text; undefined for one that no import may read. */
function linesOf(bytes: Buffer): (string | undefined)[] {
  const pieces = bytes.toString('latin1').split('\n');
  if (pieces.at(-1) === '') pieces.pop();
  return pieces.map((piece, index) => {
    const line = Buffer.from(piece.replace(/\r$/, ''), 'latin1');
    const text = line.toString('utf8');
    if (line.length > longest || !Buffer.from(text).equals(line)) return undefined;
    return index === 0 ? text.replace(/^\ufeff/, '') : text;
  });
}

const isPlain = ({ encoding, end }: ImportCase) => encoding === 'utf8' && end !== '\r';

/** The number that a line has in the file: lines of the case may hold line ends themselves. */
function numberOf({ lines }: ImportCase, index: number): number {
  return lines.slice(0, index).reduce((number, { text }) => number + text.split('\n').length, 1);
}

/** The row is what its line says, in all four parts. */
function expectWholeEntry(row: Row, text: string | undefined): void {
  if (text === undefined) throw new Finding('an entry of a line that cannot be read');
  const said = JSON.parse(text) as Record<string, unknown>;
  const names = Object.keys(said).filter((name) => !(entryKeys as readonly string[]).includes(name));
  if (names.length > 0) throw new Finding('an entry of a line with another member');
  if (typeof said.email !== 'string' || parseEmailAddress(said.email) !== row.email) {
    throw new Finding('an entry has another address than its line');
  }
  const id = said.id ?? undefined;
  if (row.idGiven !== (id !== undefined) || (row.idGiven && row.id !== String(id).toLowerCase())) {
    throw new Finding('an entry has another id than its line');
  }
  if (!isSameHash(said.hash, row.hash)) throw new Finding('an entry has another hash than its line');
  // The languages of the test: every tag that begins with `en`.
  const locale = typeof said.locale === 'string' && said.locale.startsWith('en') ? 'en' : null;
  if (row.locale !== locale) throw new Finding('an entry has another language than its line');
}

/** Equal but for the order of argon2's parameters and the four bits of a salt that bcrypt does not use. */
function isSameHash(said: unknown, kept: string | null): boolean {
  if (said === null || kept === null || said === kept) return said === kept;
  if (typeof said !== 'string') return false;
  if (said.startsWith('$2')) return said.length === 60 && kept.slice(0, 28) + said[28] + kept.slice(29) === said;
  const parts = (text: string) =>
    text.split('$').map((part, index) => (index === 3 ? part.split(',').sort().join() : part));
  return parts(said).length === 6 && parts(said).join('$') === parts(kept).join('$');
}

/** No 12 characters that stand together in a line are told; names of members may be. */
function expectNoSecret({ lines }: ImportCase, said: string): void {
  const pieces = [...said.matchAll(/[A-Za-z0-9+/.$=]{12,}/g)].flatMap(([piece]) =>
    Array.from({ length: piece.length - 11 }, (_, at) => piece.slice(at, at + 12)),
  );
  if (pieces.length === 0) return;
  const values = lines.map(({ text }) => text.replace(/"[A-Za-z_]{1,24}"\s*:/g, '')).join('\n');
  if (pieces.some((piece) => values.includes(piece))) throw new Finding('a part of a value is told');
}
