import type { Entry, Recording, Taken } from '../recording.js';
import type { JobRow, Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

/** Milliseconds after the relay's 250 in which the worker may write the result: statement timeouts and one retry. */
const latestSettling = 20_000;
const ended = new Set(['completed', 'failed', 'cancelled']);

/** M1 to M6: compares requests, rows and mails. */
export function checkMails(recording: Recording, entries: readonly Entry[], snapshot: Snapshot): Violation[] {
  const rows = new Map(snapshot.jobs.map((row) => [row.id, row]));
  const mails = Map.groupBy(recording.taken, ({ jobId }) => jobId);
  return [
    ...acceptedOnce(entries, snapshot.jobs),
    ...[...rows.values()].flatMap((row) => atAnEnd(row, snapshot.jobs, mails.get(row.id) ?? [], recording)),
    ...[...mails.values()].flatMap((copies) => copiesOnlyWhereAllowed(copies, recording)),
    ...recording.taken.flatMap((mail) => [
      ...recordedBefore(mail, recording),
      ...wanted(mail, rows, snapshot, recording),
    ]),
    ...noticed(snapshot),
    ...[...recording.remembered].flatMap(([name, count]) =>
      count > 1 ? [{ check: 'resend', at: Date.now(), text: `SET ${name} went to Redis ${count} times` }] : [],
    ),
  ];
}

/** M1: one row per accepted request. A request without a clear answer may have been accepted. */
function acceptedOnce(entries: readonly Entry[], jobs: readonly JobRow[]): Violation[] {
  const requests = entries.filter((entry) => entry.op === 'request');
  const stored = Map.groupBy(
    jobs.filter(({ queue }) => queue === 'request'),
    ({ email }) => email,
  );
  return [...Map.groupBy(requests, ({ email }) => email)].flatMap(([email, calls]) => {
    const count = stored.get(email)?.length ?? 0;
    const accepted = calls.filter(({ outcome }) => outcome === 'ok');
    const unclear = calls.filter(({ outcome }) => outcome === 'unknown').length;
    if (count >= accepted.length && count <= accepted.length + unclear) return [];
    const at = Math.max(...calls.map(({ end }) => end));
    const text = `${email}: ${accepted.length} requests accepted, ${unclear} unclear, but ${count} rows`;
    return [{ check: 'M1', at, text }];
  });
}

/** M1: every row has ended. M2: its end agrees with what the relay saw. */
function atAnEnd(row: JobRow, jobs: readonly JobRow[], mails: readonly Taken[], recording: Recording): Violation[] {
  if (row.queue === 'dead') return [];
  const name = `the ${row.queue} ${row.id}`;
  if (!ended.has(row.state))
    return [{ check: 'M1', at: Date.now(), text: `${name} is still ${row.state} (${row.reason})` }];
  const isDead = row.state === 'failed';
  if (isDead && !jobs.some(({ queue }) => queue === 'dead')) {
    return [{ check: 'M1', at: Date.now(), text: `${name} failed, and no dead letter tells of it` }];
  }
  const isSent = row.outcome === 'sent';
  if (isSent && mails.length === 0)
    return [{ check: 'M2', at: Date.now(), text: `${name} is sent, but no mail was taken` }];
  const unclear = mails.find((mail) => !isExcused(mail, recording));
  if (!isSent && unclear) {
    return [
      { check: 'M2', at: unclear.answered, text: `${name} ended as ${row.outcome ?? row.state}, but was mailed` },
    ];
  }
  return [];
}

/** M3: a second copy is sent only if the worker, its connections or the database failed after the relay's 250. */
function copiesOnlyWhereAllowed(copies: readonly Taken[], recording: Recording): Violation[] {
  const [first, ...others] = copies;
  if (!first) return [];
  const violations: Violation[] = [];
  for (const [index, copy] of others.entries()) {
    const isSame = recording.ownerOf(copy.to) === recording.ownerOf(first.to);
    if (logicalId(copy) !== logicalId(first) || !isSame) {
      violations.push({
        check: 'M3',
        at: copy.answered,
        text: `two mails of ${first.jobId} differ in id or recipient`,
      });
    }
    const before = copies[index];
    if (before && !isExcused(before, recording)) {
      const text = `${first.messageId} was sent again although nothing had failed after the first 250`;
      violations.push({ check: 'M3', at: copy.answered, text });
    }
  }
  return violations;
}

function isExcused({ lineHurt, worker, received, answered }: Taken, { faults }: Recording): boolean {
  if (lineHurt) return true;
  const parts = [worker, `${worker} relay`, `${worker} postgres`, 'postgres'];
  return faults.some(
    ({ affects, start, end }) =>
      affects.some((part) => parts.includes(part)) && start <= answered + latestSettling && end >= received - 1_000,
  );
}

/** M4: a key's record is written before its link is mailed. */
function recordedBefore(mail: Taken, recording: Recording): Violation[] {
  if (mail.record !== 'absent' || recording.lossesBetween(mail.received - 125_000, mail.received)) return [];
  return [{ check: 'M4', at: mail.received, text: 'a link was mailed before its record was written' }];
}

/** M6: no mail without a row that asks for it. */
function wanted(
  mail: Taken,
  rows: ReadonlyMap<string, JobRow>,
  { accounts }: Snapshot,
  recording: Recording,
): Violation[] {
  const owner = recording.ownerOf(mail.to);
  const account = accounts.find(({ id }) => id === owner?.id);
  // The mail is from another round.
  if (!account) return [];
  const row = rows.get(mail.jobId);
  const isWanted = row && (row.email === mail.to.toLowerCase() || row.accountId === account.id);
  return isWanted
    ? []
    : [{ check: 'M6', at: mail.received, text: `${mail.messageId} went out, but no row asks for it` }];
}

/**
 * M5 and I5: versions and receipts agree with the commits, and each commit has a notice of the same transaction.
 * A notice that still waits is changed to tell of the next change, so there may be fewer notices than commits, but
 * never more.
 */
function noticed({ accounts, receipts, audits, jobs }: Snapshot): Violation[] {
  return accounts.flatMap(({ id, email, credentialVersion, sessionVersion }) => {
    const own = <Row extends { accountId: string | null }>(rows: readonly Row[]) =>
      rows.filter(({ accountId }) => accountId === id);
    const count = (kind: string) => own(audits).filter((row) => row.kind === kind).length;
    const resets = own(receipts).length;
    const changes = count('account.password-changed');
    const told = own(jobs).filter(({ queue }) => queue === 'notice');
    const notices = told.length;
    const commits = own(audits).filter(({ kind }) => /^(?:reset\.completed|account\.password-changed)$/.test(kind));
    // PostgreSQL's now() is the start of the transaction: a notice from a later transaction has a later time.
    const isTold = ({ at }: { at: number }) =>
      told.some(({ createdAt, changedAt }) => createdAt <= at && (changedAt ?? 0) >= Math.floor(at));
    const endings = count('account.signed-out-everywhere');
    const figures = `version ${credentialVersion}, ${resets} receipts, ${changes} changes, ${notices} notices`;
    const holds =
      credentialVersion === 1 + resets + changes &&
      notices <= resets + changes &&
      commits.every(isTold) &&
      count('reset.completed') === resets &&
      sessionVersion === credentialVersion + endings;
    return holds ? [] : [{ check: 'I5', at: Date.now(), text: `${email}: ${figures}, sessions ${sessionVersion}` }];
  });
}

/** The Message-ID without the time of the change: a notice may tell of a later change at its next attempt. */
function logicalId({ messageId }: Taken): string {
  return messageId.replace(/\.\d{13}\.(?=password-changed@)/, '.');
}
