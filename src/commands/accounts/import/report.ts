import { perSecond } from '../../progress.js';
import type { WrongForm } from './records/wrong-form.js';

/** What an import did, however it ended. All records up to number `through` have been handled. */
export interface ImportResult extends ImportCounts {
  readonly ended: 'complete' | 'interrupted' | 'wrong-form' | 'source-broken' | 'database-failed';
  readonly cause?: WrongForm | unknown;
  readonly through: number;
  readonly unit: 'line' | 'user';
  readonly seconds: number;
  /** How many were refused or left out, by reason, the most frequent first. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
  /** Keys that are not ours, the most frequent first. */
  readonly unknownKeys: readonly (readonly [key: string, count: number])[];
}

export interface ImportCounts {
  readonly added: number;
  readonly present: number;
  readonly updated: number;
  /** Accounts that were changed here since the last import, and stay as they are. */
  readonly kept: number;
  /** No accounts of ours: without an address, deleted. */
  readonly skipped: number;
  readonly refused: number;
  readonly unknownLocales: number;
  /** Added without their password, because nobody has confirmed the address. */
  readonly unverified: number;
  /** Added with a hash that holds a pepper. */
  readonly peppered: number;
}

/** The result for people and for scripts: counts in the first line, then a line for each reason and unknown key. */
export function summary(result: ImportResult, dryRun: boolean): string {
  const { added, present, refused, seconds, through, unit } = result;
  const would = dryRun ? 'would be ' : '';
  const counts = [`${added} ${would}added`, `${present} present`, `${refused} refused`];
  if (result.updated > 0) counts.push(`${result.updated} ${would}updated`);
  if (result.kept > 0) counts.push(`${result.kept} kept as they were changed here`);
  if (result.skipped > 0) counts.push(`${result.skipped} left out`);
  if (result.unverified > 0) counts.push(`${result.unverified} unconfirmed, without their password`);
  if (result.unknownLocales > 0) counts.push(`${result.unknownLocales} without their unknown language`);
  const head = `${dryRun ? 'dry run: ' : ''}${counts.join(', ')}; ${seconds.toFixed(1)} s, ${perSecond(through, seconds)} ${unit}s/s`;
  const reasons = result.reasons.map(([reason, count]) => `  ${count} x ${reason}`);
  const keys = result.unknownKeys.map(([key, count]) => `  ${count} x unknown key, not read: ${key}`);
  const isAre = result.peppered === 1 ? 'hash holds' : 'hashes hold';
  const pepper =
    result.peppered > 0
      ? [`  ${result.peppered} ${isAre} a pepper: nobody signs in with them unless every API has it as PASSWORD_PEPPER`]
      : [];
  return [head, ...reasons, ...keys, ...pepper].join('\n');
}
