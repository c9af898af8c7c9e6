import type { Entry, Recording, Taken } from '../recording.js';
import { AppAccount, type AppHistory, stampOf, standingOf } from './app-history.js';
import { checkAppRegisters } from './app-registers.js';
import type { JobRow, Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

/** Milliseconds from the time of a statement until it has read, on a busy machine. */
const latestRead = 200;

/** What the tables of an app wrote down of each account of a round; empty where nobody else writes. */
export function appAccountsOf({ app }: Snapshot, { appWrites }: Recording): ReadonlyMap<string, AppAccount> {
  if (!app) return new Map();
  const answered = new Map(appWrites.flatMap((write) => (write.xid ? [[write.xid, write]] : [])));
  const byAccount = Map.groupBy(app.rows, ({ account }) => account);
  return new Map([...byAccount].map(([id, rows]) => [id, new AppAccount(id, rows, app.isApart, answered)]));
}

/** What must hold beside an app that writes to the same rows: `register`, and what only an app can see. */
export function checkApp(
  apps: ReadonlyMap<string, AppAccount>,
  entries: readonly Entry[],
  recording: Recording,
  snapshot: Snapshot,
): Violation[] {
  if (!snapshot.app) return [];
  return [
    ...checkAppRegisters(apps, entries, recording, snapshot),
    ...oneCommit(apps, snapshot.app),
    ...snapshot.jobs.flatMap((row) => [...foundByAddress(apps, row, recording), ...overwritesSeen(apps, row)]),
    ...recording.taken.flatMap((mail) => toStoredAddress(apps, mail, recording)),
    ...neverTheVictim(apps, recording),
  ];
}

/** I5: `also` runs in the transaction of each of our changes, and of nothing else. */
function oneCommit(apps: ReadonlyMap<string, AppAccount>, { ended }: AppHistory): Violation[] {
  const told = new Map(ended.map(({ xid, account }) => [xid, account]));
  return [...apps.values()].flatMap((app) => {
    const ours = new Set(app.ours.map(({ xid }) => xid));
    const own = [...told].filter(([, account]) => account === app.id).map(([xid]) => xid);
    const apart = [...[...ours].filter((xid) => !told.has(xid)), ...own.filter((xid) => !ours.has(xid))];
    return apart.map(() => ({
      check: 'also',
      at: Date.now(),
      text: `${app.id}: "also" and the hash are not one commit`,
    }));
  });
}

/** M1: whoever asks for an address that an account has, and that may recover, is found. */
function foundByAddress(apps: ReadonlyMap<string, AppAccount>, row: JobRow, recording: Recording): Violation[] {
  if (row.queue !== 'request' || !/^(?:no-recipient|no-password)$/.test(row.outcome ?? '')) return [];
  const app = apps.get(recording.ownerOf(row.email ?? '')?.id ?? '');
  const said = app?.saidBetween((row.startedAt ?? 0) - latestRead, row.endedAt ?? Date.now()) ?? [];
  const isMissed = said.every(({ owner, holder }) => {
    return owner.isThere && owner.active && owner.email.toLowerCase() === row.email && holder.rows === 1;
  });
  if (said.length === 0 || !isMissed) return [];
  return [{ check: 'look-up', at: row.endedAt ?? 0, text: `${row.email} ended as ${row.outcome}, and has an account` }];
}

/** A link goes to the address as it is stored, when the worker reads it. */
function toStoredAddress(apps: ReadonlyMap<string, AppAccount>, mail: Taken, recording: Recording): Violation[] {
  const app = apps.get(recording.ownerOf(mail.to)?.id ?? '');
  if (!app || typeof mail.record !== 'object') return [];
  const said = app.saidBetween(mail.record.readAt - latestRead, mail.received);
  if (said.some(({ owner }) => owner.email === mail.to)) return [];
  return [{ check: 'look-up', at: mail.received, text: `a link went to ${mail.to}, which no row said then` }];
}

/**
 * `app-wrote-over-reset`: what the second look sees is told, and nothing else. A look at a version that is ours by now
 * tells nothing.
 */
function overwritesSeen(apps: ReadonlyMap<string, AppAccount>, row: JobRow): Violation[] {
  const app = apps.get(row.accountId ?? '');
  if (row.queue !== 'watch' || !app || row.startedAt === null || row.endedAt === null || !row.version) return [];
  const [write, next] = [app.ours[row.version - 2], app.ours[row.version - 1]];
  if (!write || (next && next.from <= row.endedAt)) return [];
  const hash = app.holders[write.holder?.after ?? 0]?.hash;
  // The owner's row is not locked by us: what the mark was made of is known where it did not change around the COMMIT.
  const written = new Set(
    app
      .saidBetween(write.from - 3_000, write.until)
      .map(({ owner }) => stampOf({ owner, holder: { rows: 1, hash: hash ?? '' } })),
  );
  const found = app.saidBetween(row.startedAt - latestRead, row.endedAt);
  if (written.size !== 1 || found.some(({ owner }) => !owner.isThere)) return [];
  const isSame = found.every((said) => written.has(stampOf(said)));
  const isOther = found.every((said) => !written.has(stampOf(said)));
  const { outcome } = row;
  if (isOther && outcome !== 'overwritten')
    return [{ check: 'overwrite', at: row.endedAt, text: about(row, 'not told') }];
  if (isSame && outcome !== 'unchanged') return [{ check: 'overwrite', at: row.endedAt, text: about(row, 'made up') }];
  return [];
}

function about({ accountId, version }: JobRow, what: string): string {
  return `that the app wrote over version ${version} of ${accountId} was ${what}`;
}

/** Whatever the app locks, and in which order: PostgreSQL never ends it in a deadlock with us. */
function neverTheVictim(apps: ReadonlyMap<string, AppAccount>, { appWrites, faults }: Recording): Violation[] {
  return appWrites.flatMap(({ account, code, op, start, end }) => {
    if (code !== '40P01' || !apps.has(account)) return [];
    // Both of a circle wake late when the server is stopped, and nobody knows which of them first.
    const wasStopped = faults.some(({ kind, start: at, end: until }) => {
      return kind === 'postgres-stop' && at <= end && until >= start;
    });
    return wasStopped ? [] : [{ check: 'deadlock', at: end, text: `${op} of the app was ended in a deadlock` }];
  });
}

/**
 * I2: whether the app ended a key, or may have, before it was refused: what the worker read, and what the call read, are
 * not surely the same.
 */
export function mayBeEndedByApp(app: AppAccount, mail: Taken, { start, end }: Entry): boolean {
  if (typeof mail.record !== 'object') return true;
  const minted = new Set(app.saidBetween(mail.record.readAt - 5, mail.record.readAt + latestRead).map(standingOf));
  const now = app.saidBetween(start, end + 5);
  return minted.size !== 1 || now.some((said) => !said.owner.active || !minted.has(standingOf(said)));
}
