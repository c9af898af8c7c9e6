import type { Violation } from './check/violation.js';
import type { AppWrite, Entry, Recording, Taken } from './recording.js';
import type { RoundResult } from './round.js';

/** What a run did, as the tables of `docs/faults.md`. */
export function report(
  results: readonly RoundResult[],
  recording: Recording,
  secrets: { readonly violations: readonly Violation[]; readonly bytes: number },
  reached: readonly string[],
  durationMs: number,
): string {
  const entries = results.flatMap((result) => result.entries);
  const faults = results.flatMap((result) => result.faults);
  const violations = [...results.flatMap((result) => result.violations), ...secrets.violations];
  const appWrites = results.flatMap((result) => result.appWrites);
  const jobs = results.flatMap(({ snapshot }) => snapshot.jobs).filter(({ queue }) => queue !== 'dead');
  const copies = [...Map.groupBy(recording.taken, ({ jobId }) => jobId).values()];
  return [
    '',
    table(['operation', 'ok', 'refused', 'unknown'], operationRows([...entries, ...appWrites])),
    '',
    table(
      [
        'fault',
        'times',
        'last unclear answer after it: p50 ms',
        'most ms',
        'calls',
        'unclear',
        'mails',
        'copies',
        'dead',
      ],
      [...Map.groupBy(results, ({ name }) => name.replace(/-\d+$/, '')).values()].flatMap((each) =>
        faultRows(each, copies),
      ),
    ),
    '',
    table(['point that was broken', 'times'], count(reached)),
    '',
    table(['row', 'count'], count(jobs.map(({ queue, outcome, state }) => `${queue}: ${outcome ?? state}`))),
    '',
    `records written ${recording.remembered.size}, mails taken ${recording.taken.length}, copies ${copies.reduce((sum, each) => sum + each.length - 1, 0)}`,
    toldOf(recording),
    `secrets searched in ${Math.round(secrets.bytes / 1e6)} MB`,
    `${results.reduce((sum, result) => sum + operationsOf(result), 0)} operations, ${faults.length} faults, ${violations.length} violations in ${Math.round(durationMs / 1_000)} s`,
  ].join('\n');
}

/** Which checks found a violation, and how soon: `caught by I2, M1 after 84 operations`. */
export function caught(results: readonly RoundResult[]): string {
  const violations = results.flatMap((result) => result.violations);
  const first = Math.min(...violations.map(({ at }) => at));
  const all = results.flatMap(({ entries, appWrites }) => [...entries, ...appWrites]);
  const count = all.filter(({ end }) => end <= first).length;
  const checks = [...new Set(violations.map(({ check }) => check))].sort();
  return `caught by ${checks.join(', ')} after ${count} operations`;
}

/** Calls, and transactions of the app. */
export function operationsOf({ entries, appWrites }: RoundResult): number {
  return entries.length + appWrites.length;
}

function toldOf({ told }: Recording): string {
  return [...Map.groupBy(told, ({ receiver }) => receiver)]
    .sort()
    .map(([receiver, calls]) => {
      const events = new Set(calls.map(({ headers }) => headers['webhook-id'])).size;
      const taken = calls.filter(({ status = 0 }) => status >= 200 && status < 300).length;
      return `${receiver}: ${events} events, ${calls.length} calls, ${taken} taken, ${taken - events} of them again`;
    })
    .join('\n');
}

function operationRows(entries: readonly Pick<Entry | AppWrite, 'op' | 'outcome'>[]): string[][] {
  return [...Map.groupBy(entries, ({ op }) => op)].map(([op, calls]) => [
    op,
    ...(['ok', 'refused', 'unknown'] as const).map((outcome) =>
      String(calls.filter((call) => call.outcome === outcome).length),
    ),
  ]);
}

/**
 * One row per kind of fault. The two times are from a heal to the start of the last call without a clear answer; calls
 * count until the next fault begins, for 15 s at most.
 */
function faultRows(results: readonly RoundResult[], copies: readonly (readonly Taken[])[]): string[][] {
  const faults = results.flatMap((result) => result.faults);
  const entries = results.flatMap((result) => result.entries);
  const ids = new Set(results.flatMap(({ snapshot }) => snapshot.jobs.map(({ id }) => id)));
  const own = copies.filter(([mail]) => ids.has(mail?.jobId ?? ''));
  const dead = results.flatMap(({ snapshot }) => snapshot.jobs).filter(({ queue }) => queue === 'dead').length;
  const kinds = [...Map.groupBy(faults, ({ kind }) => kind)].sort();
  return kinds.map(([kind, each]) => {
    const recoveries = each
      .map(({ end }) => {
        const next = Math.min(...faults.filter(({ start }) => start > end).map(({ start }) => start), end + 15_000);
        const unclear = entries.filter(({ outcome, start }) => outcome === 'unknown' && start > end && start < next);
        return Math.max(0, ...unclear.map(({ start }) => start - end));
      })
      .sort((one, other) => one - other);
    const at = (share: number) => Math.round(recoveries[Math.floor((recoveries.length - 1) * share)] ?? 0);
    // These counts can be attributed to a kind of fault only if there was no other kind.
    const alone =
      kinds.length > 1
        ? ['', '', '', '', '']
        : [
            entries.length,
            entries.filter(({ outcome }) => outcome === 'unknown').length,
            own.reduce((sum, { length }) => sum + length, 0),
            own.reduce((sum, { length }) => sum + length - 1, 0),
            dead,
          ];
    return [kind, each.length, at(0.5), at(1), ...alone].map(String);
  });
}

function count(names: readonly string[]): string[][] {
  return [...Map.groupBy(names, (name) => name)].sort().map(([name, each]) => [name, String(each.length)]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
