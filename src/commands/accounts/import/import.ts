import { randomUUID } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Accounts } from '../../../accounts/accounts.js';
import { ImportDeal } from '../../../accounts/passwords/forms/deal.js';
import { Progress, perSecond, type Writer } from '../../progress.js';
import { type ImportRun, importBatch } from './batch.js';
import { type EntryOptions, type EntryVerdict, readEntry } from './entry.js';
import { inRightForm, WrongForm } from './form.js';
import { readLines, SourceBroken } from './lines.js';

export interface ImportDeps {
  readonly accounts: Accounts;
  /** The language in which mails to such a locale are written, or null if there is none. */
  readonly knownLocale: (locale: string | null) => string | null;
  /** Gets the refused lines and the progress. */
  readonly err: Writer;
}
export interface ImportOptions extends EntryOptions {
  readonly dryRun?: boolean;
  /** Size of the source in bytes, if known, for the percentage. */
  readonly size?: number | undefined;
  /** Ends the import after the batch that is under way. */
  readonly signal?: AbortSignal;
  readonly batchSize?: number;
  /** Returns milliseconds. */
  readonly clock?: () => number;
}

/** What an import did, however it ended. All lines up to number `through` have been handled. */
export interface ImportResult {
  readonly ended: 'complete' | 'interrupted' | 'wrong-form' | 'source-broken' | 'database-failed';
  readonly cause?: unknown;
  readonly added: number;
  readonly present: number;
  readonly refused: number;
  readonly unknownLocales: number;
  readonly through: number;
  readonly seconds: number;
}

/**
 * Lines in a batch. Measured on 2 busy cores, with PostgreSQL on them too: 1: 700 lines/s, 100: 13,000, 1,000: 32,000,
 * 5,000: 34,000.
 */
const usualBatch = 1_000;

/**
 * Adds the accounts of an NDJSON stream, in batches of one transaction each; refused lines are reported by number and
 * skipped. Memory holds one chunk and one batch, so the length of the stream does not matter. If it ends early,
 * finished batches stay, and the same stream may be imported again. Does not throw for faults of the stream or the
 * database: see `ended`.
 */
export async function importAccounts(
  deps: ImportDeps,
  source: Readable,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { dryRun = false, size, signal, batchSize = usualBatch, clock } = options;
  const progress = new Progress(deps.err, size, clock);
  const done = { added: 0, present: 0, refused: 0, unknownLocales: 0, through: 0 };
  const ended = (how: ImportResult['ended'], cause?: unknown): ImportResult => {
    progress.clear();
    return { ended: how, cause, ...done, seconds: progress.seconds };
  };
  const run: ImportRun = { id: randomUUID(), dryRun, deal: new ImportDeal() };
  let batch: { number: number; verdict: EntryVerdict }[] = [];
  let through = { number: 0, end: 0 };

  const settle = async () => {
    const entries = batch.flatMap(({ number, verdict }) =>
      verdict.kind === 'accepted' ? [{ ...verdict.entry, line: number }] : [],
    );
    const kept = entries.map((entry) => ({ ...entry, locale: deps.knownLocale(entry.locale) }));
    const outcomes = kept.length > 0 ? await importBatch(deps.accounts, kept, run) : [];
    let index = 0;
    for (const { number, verdict } of batch) {
      const outcome = verdict.kind === 'refused' ? verdict : outcomes[index];
      if (outcome?.kind === 'refused') progress.line(`line ${number}: ${outcome.reason}`);
      if (outcome?.kind === 'added' && entries[index]?.locale && !kept[index]?.locale) done.unknownLocales++;
      if (outcome) done[outcome.kind]++;
      if (verdict.kind === 'accepted') index++;
    }
    batch = [];
    done.through = through.number;
    progress.tell({ lines: through.number, bytes: through.end, refused: done.refused });
  };
  const readBatches = async () => {
    if (signal) addAbortSignal(signal, source);
    for await (const { number, end, text, fault } of readLines(inRightForm(source))) {
      through = { number, end };
      if (fault) batch.push({ number, verdict: { kind: 'refused', reason: fault } });
      else if (text.trim() !== '') batch.push({ number, verdict: readEntry(text, options) });
      if (batch.length >= batchSize) await settle();
      if (signal?.aborted) break;
    }
  };

  try {
    const broken = await readBatches().catch((error: unknown) => {
      if (error instanceof SourceBroken) return error;
      throw error;
    });
    await settle();
    if (signal?.aborted) return ended('interrupted');
    if (broken?.cause instanceof WrongForm) return ended('wrong-form', broken.cause);
    return broken ? ended('source-broken', broken.cause) : ended('complete');
  } catch (cause) {
    return ended('database-failed', cause);
  }
}

/** The result in one line, for people and for scripts. */
export function summary(result: ImportResult, dryRun: boolean): string {
  const { added, present, refused, unknownLocales, seconds, through } = result;
  const counts = [`${added} ${dryRun ? 'would be added' : 'added'}`, `${present} present`, `${refused} refused`];
  if (unknownLocales > 0) counts.push(`${unknownLocales} without their unknown language`);
  return `${dryRun ? 'dry run: ' : ''}${counts.join(', ')}; ${seconds.toFixed(1)} s, ${perSecond(through, seconds)} lines/s`;
}
