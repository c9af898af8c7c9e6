import { randomUUID } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { setImmediate as othersGoFirst } from 'node:timers/promises';
import type { Accounts } from '../../../accounts/accounts.js';
import { isPeppered } from '../../../accounts/passwords/forms/bcrypt.js';
import { dealAnew, ImportDeal } from '../../../accounts/passwords/forms/deal.js';
import type { Argon2Settings } from '../../../accounts/passwords/password-hash.js';
import { Progress, type Writer } from '../../progress.js';
import { importBatch } from './batch.js';
import { type EntryOptions, type EntryVerdict, readEntry } from './entry.js';
import type { ImportRun } from './outcome.js';
import { expectProduct } from './products/products.js';
import { SourceBroken } from './records/bytes.js';
import { openRecords } from './records/records.js';
import { WrongForm } from './records/wrong-form.js';
import type { ImportResult } from './report.js';
import { Tally, withoutLine } from './tally.js';
import { digestsInBatch, wrapDigests } from './wrapping.js';

export interface ImportDeps {
  readonly accounts: Accounts;
  /** The language in which mails to such a locale are written, or null if there is none. */
  readonly knownLocale: (locale: string | null) => string | null;
  /** Gets the progress, and the refused records unless `onRefused` does. */
  readonly err: Writer;
  /** Tells other services of what `update` changes. */
  readonly events?: ImportRun['events'];
  /** The cost of what is put around digests of one round. */
  readonly argon2: Argon2Settings;
}
/** What a record says, by its number. */
interface NumberedVerdict {
  readonly number: number;
  readonly verdict: EntryVerdict;
}

export interface ImportOptions extends EntryOptions {
  readonly dryRun?: boolean;
  readonly update?: boolean;
  /** Size of the source in bytes, if known, for the percentage. */
  readonly size?: number | undefined;
  /** Ends the import after the batch that is under way. */
  readonly signal?: AbortSignal;
  readonly batchSize?: number;
  /** Returns milliseconds. */
  readonly clock?: () => number;
  readonly onRefused?: (refusal: { readonly number: number; readonly reason: string }) => void;
}

/**
 * Records in a batch. Measured on 2 busy cores, with PostgreSQL on them too: 1: 700 lines/s, 100: 13,000, 1,000: 32,000,
 * 5,000: 34,000.
 */
const usualBatch = 1_000;
/**
 * Records between two looks at what PostgreSQL answered. Reading does not wait for anything by itself, and while it goes on
 * the batch before would not be written: it has several statements.
 */
const betweenLooks = 50;
/** Languages that are remembered. */
const mostLocales = 500;

/**
 * Adds the accounts of a file, in batches of one transaction each; refused records are reported by number and skipped.
 * While one is written the next is read. Memory holds one chunk and two batches, so the length of the file does not matter. If it ends early, finished batches
 * stay, and the same file may be imported again. Does not throw for faults of the file or the database: see `ended`.
 */
export async function importAccounts(
  deps: ImportDeps,
  source: Readable,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { dryRun = false, update = false, signal, batchSize = usualBatch } = options;
  let progress = new Progress('import', deps.err, options.size, options.clock);
  let unit: ImportResult['unit'] = 'line';
  const [reasons, unknownKeys] = [new Tally(), new Tally()];
  const done = {
    added: 0,
    present: 0,
    updated: 0,
    kept: 0,
    skipped: 0,
    refused: 0,
    unknownLocales: 0,
    unverified: 0,
    peppered: 0,
  };
  let handled = 0;
  const ended = (how: ImportResult['ended'], cause?: unknown): ImportResult => {
    progress.clear();
    const told = { reasons: reasons.entries, unknownKeys: unknownKeys.entries };
    return { ended: how, cause, ...done, ...told, unit, through: handled, seconds: progress.seconds };
  };
  const run: ImportRun = { id: randomUUID(), dryRun, update, deal: new ImportDeal(), events: deps.events };
  const knownLocale = remembering(deps.knownLocale);
  let batch: NumberedVerdict[] = [];
  let digests = 0;
  let through = { number: 0, end: 0 };
  let writing = Promise.resolve();

  const tell = (number: number, reason: string) => {
    reasons.add(withoutLine(reason));
    if (options.onRefused) options.onRefused({ number, reason });
    else progress.line(`${unit} ${number}: ${reason}`);
  };
  const settle = async (full: readonly NumberedVerdict[], upTo: typeof through) => {
    const entries = full.flatMap(({ number, verdict }) =>
      verdict.kind === 'accepted' ? [{ ...verdict.entry, line: number }] : [],
    );
    const known = entries.map((entry) => ({ ...entry, locale: knownLocale(entry.locale) }));
    const kept = await wrapDigests(deps.accounts, known, run, deps.argon2);
    const outcomes = kept.length > 0 ? await importBatch(deps.accounts, kept, run) : [];
    let index = 0;
    for (const { number, verdict } of full) {
      const outcome = verdict.kind === 'accepted' ? outcomes[index] : verdict;
      if (outcome?.kind === 'refused') tell(number, outcome.reason);
      if (outcome?.kind === 'skipped') reasons.add(`left out: ${outcome.reason}`);
      if (outcome?.kind === 'added' && verdict.kind === 'accepted') {
        if (verdict.isUnverified) done.unverified++;
        if (entries[index]?.locale && !kept[index]?.locale) done.unknownLocales++;
      }
      const isWritten = outcome?.kind === 'added' || outcome?.kind === 'updated';
      if (isWritten && verdict.kind === 'accepted' && isPeppered(verdict.entry.hash)) done.peppered++;
      if (outcome) done[outcome.kind]++;
      if (verdict.kind === 'accepted') index++;
    }
    handled = upTo.number;
    progress.tell({ done: upTo.number, unit, bytes: upTo.end, refused: done.refused });
  };
  /** Begins to write the batch once the one before is written. */
  const handOver = async () => {
    const full = batch;
    batch = [];
    digests = 0;
    await writing;
    writing = settle(full, through);
    // Whoever awaits it next hears of a failure; until then it is nobody's.
    writing.catch(() => undefined);
  };
  const readBatches = async () => {
    if (signal) addAbortSignal(signal, source);
    const records = await openRecords(source, options.product);
    unit = records.unit;
    // The bytes that are read are more than those of the file then.
    if (records.isPacked) progress = new Progress('import', deps.err, undefined, options.clock);
    let isKnown = false;
    for await (const { number, end, fields, fault } of records.all) {
      through = { number, end };
      if (fields && !isKnown) expectProduct(fields, options.product);
      isKnown ||= fields !== undefined;
      if (fault) batch.push({ number, verdict: { kind: 'refused', reason: fault } });
      else if (fields) {
        const verdict = readEntry(fields, options, (key) => unknownKeys.add(key));
        if (verdict.kind === 'accepted' && verdict.entry.digest) digests++;
        batch.push({ number, verdict });
      }
      if (batch.length % betweenLooks === 0) await othersGoFirst();
      if (batch.length >= batchSize || digests >= digestsInBatch) await handOver();
      if (signal?.aborted) break;
    }
  };

  try {
    const broken = await readBatches().catch((error: unknown) => {
      if (error instanceof SourceBroken || error instanceof WrongForm) return error;
      throw error;
    });
    await writing;
    if (broken instanceof WrongForm && handled === 0) return ended('wrong-form', broken);
    await handOver();
    await writing;
    // Hashes that went no longer count: later refused sign-ins must not be dealt their forms.
    if (done.updated > 0 && !dryRun) await deps.accounts.transaction((transaction) => dealAnew(transaction));
    if (signal?.aborted) return ended('interrupted');
    if (broken instanceof WrongForm) return ended('wrong-form', broken);
    return broken ? ended('source-broken', broken.cause) : ended('complete');
  } catch (cause) {
    // The commit that is under way counts.
    await writing.catch(() => undefined);
    return ended('database-failed', cause);
  }
}

/** Asking takes 20 µs, a fifth of an import, and a file has few languages; what was asked is forgotten where it has many. */
function remembering(ask: ImportDeps['knownLocale']): ImportDeps['knownLocale'] {
  const answers = new Map<string | null, string | null>();
  return (locale) => {
    const known = answers.get(locale);
    if (known !== undefined) return known;
    if (answers.size >= mostLocales) answers.clear();
    const answer = ask(locale);
    answers.set(locale, answer);
    return answer;
  };
}
