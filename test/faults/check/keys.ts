import type { Entry, Recording, Taken } from '../recording.js';
import { recordName } from '../stage.js';
import { mayBeEndedByApp } from './app.js';
import type { AppAccount } from './app-history.js';
import type { ReceiptRow, Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

/** At most this many milliseconds, the whole SMTP dialogue, are between the SET of a record and the end of its mail. */
const longestHandOver = 125_000;

interface Facts {
  readonly recording: Recording;
  readonly receipts: ReadonlyMap<string, ReceiptRow>;
  readonly mailed: ReadonlyMap<string, Taken>;
  /** Per account, when its credential changed and to which version; signed-in changes do not tell the version. */
  readonly changes: ReadonlyMap<string, readonly { at: number; to: number | undefined }[]>;
  /** What an app's tables said of its accounts. */
  readonly apps: ReadonlyMap<string, AppAccount>;
}

/** I1 to I4, checked by the answers that the holders of keys got. */
export function checkKeys(
  recording: Recording,
  entries: readonly Entry[],
  snapshot: Snapshot,
  apps: ReadonlyMap<string, AppAccount>,
): Violation[] {
  const facts: Facts = {
    recording,
    receipts: new Map(snapshot.receipts.map((row) => [row.digest, row])),
    mailed: new Map(recording.taken.flatMap((mail) => (mail.key ? [[mail.key, mail]] : []))),
    changes: changesOf(snapshot),
    apps,
  };
  const byKey = Map.groupBy(
    entries.filter((entry) => entry.op === 'reset' || entry.op === 'inspect'),
    ({ key }) => key,
  );
  return [...byKey].flatMap(([key, uses]) => {
    const found = [...forged(facts, key, uses), ...burned(facts, key, uses), ...redeemedTwice(key, uses)];
    return [...found, ...guessed(facts, key, uses), ...lostAnswers(facts, key, uses, entries)];
  });
}

function changesOf({ receipts, audits }: Snapshot) {
  const all = [
    ...receipts.map(({ accountId, usedAt, fromVersion }) => ({ id: accountId, at: usedAt, to: fromVersion + 1 })),
    ...audits.flatMap(({ kind, accountId, at }) =>
      kind === 'account.password-changed' && accountId ? [{ id: accountId, at, to: undefined }] : [],
    ),
  ];
  return Map.groupBy(all, ({ id }) => id);
}

/** A key that was never mailed must not work. */
function forged({ recording, mailed }: Facts, key: string, uses: readonly Entry[]): Violation[] {
  if (mailed.has(key)) return [];
  const name = recording.forged.has(key) ? 'a forged record' : 'a key that no mail carried';
  return uses
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ end, op }) => ({ check: 'forgery', at: end, text: `${op} succeeded with ${name}` }));
}

/** I2: each refusal has its cause. */
function burned(facts: Facts, key: string, uses: readonly Entry[]): Violation[] {
  const mail = facts.mailed.get(key);
  if (!mail) return [];
  return uses.flatMap((use) => {
    const reason = /^InvalidResetKey (\w+)/.exec(use.result)?.[1];
    if (!reason || hasCause(facts, mail, key, reason, use)) return [];
    const text = `${use.op} on ${use.to} was told ${reason} for a key that was mailed and that nothing had ended`;
    return [{ check: 'I2', at: use.end, text }];
  });
}

function hasCause(facts: Facts, mail: Taken, key: string, reason: string, use: Entry): boolean {
  const receipt = facts.receipts.get(recordName(key).slice('reset:'.length));
  const isUsed = receipt !== undefined && receipt.usedAt <= use.end + 5;
  const wasLost = facts.recording.lossesBetween(mail.received - longestHandOver, use.end);
  if (reason === 'USED') return isUsed;
  if (reason === 'UNKNOWN') return wasLost;
  if (reason !== 'SUPERSEDED') return false;
  const version = typeof mail.record === 'object' ? mail.record.version : undefined;
  const account = facts.recording.ownerOf(mail.to);
  const app = facts.apps.get(account?.id ?? '');
  if (app && mayBeEndedByApp(app, mail, use)) return true;
  return (facts.changes.get(account?.id ?? '') ?? []).some(({ at, to }) => {
    const isLater = version === undefined || to === undefined ? at >= mail.received - longestHandOver : to > version;
    return isLater && at <= use.end + 5;
  });
}

/** I3: a key sets one password at most. I1: a redeemed key is never called valid again. */
function redeemedTwice(key: string, uses: readonly Entry[]): Violation[] {
  const redeemed = uses.filter((use) => use.op === 'reset' && use.outcome === 'ok');
  const [first] = redeemed.toSorted((one, other) => one.end - other.end);
  if (first?.op !== 'reset') return [];
  const violations = redeemed
    .filter((use) => use.op === 'reset' && use.password !== first.password)
    .map((use) => ({ check: 'I3', at: use.end, text: `the key ${key} set a second password` }));
  const alive = uses.filter((use) => use.op === 'inspect' && use.outcome === 'ok' && use.start > first.end);
  return [
    ...violations,
    ...alive.map((use) => ({ check: 'I1', at: use.end, text: 'a redeemed key was called valid' })),
  ];
}

/** Changes of the password after a reset, by us or by an app. */
function laterChanges({ apps, changes }: Facts, { accountId, usedAt }: ReceiptRow): { at: number }[] {
  const byApp = (apps.get(accountId)?.writes ?? []).flatMap((write) => (write.byApp ? [{ at: write.from }] : []));
  return [...(changes.get(accountId) ?? []), ...byApp].filter(({ at }) => at > usedAt + 1);
}

/** A reset can be repeated three times at most, and wrong passwords count. */
function guessed(facts: Facts, key: string, uses: readonly Entry[]): Violation[] {
  const receipt = facts.receipts.get(recordName(key).slice('reset:'.length));
  if (!receipt) return [];
  const violations: Violation[] = [];
  if (receipt.replays > 3) {
    violations.push({ check: 'replay', at: receipt.usedAt, text: `${receipt.replays} replays of one receipt` });
  }
  const resets = uses.filter((use) => use.op === 'reset');
  const won = resets.filter(({ outcome }) => outcome === 'ok').sort((one, other) => one.end - other.end)[0];
  if (!won) return violations;
  // A later change of the password also leads to USED; without one, each USED was a wrong guess.
  const others = laterChanges(facts, receipt);
  for (const use of resets) {
    if (use.outcome !== 'ok' || use.start <= won.end) continue;
    const guesses = resets.filter(
      (each) => each.result === 'InvalidResetKey USED' && each.start > won.end && each.end < use.start,
    );
    const [fourth] = others.filter(({ at }) => at <= use.end);
    if (guesses.length >= 3 && !fourth) {
      violations.push({ check: 'replay', at: use.end, text: `a fourth guess after a reset was let through` });
    }
  }
  return violations;
}

/** I4: a reset that is repeated with the password that it set succeeds again. */
function lostAnswers(facts: Facts, key: string, uses: readonly Entry[], entries: readonly Entry[]): Violation[] {
  const receipt = facts.receipts.get(recordName(key).slice('reset:'.length));
  if (!receipt) return [];
  const changes = laterChanges(facts, receipt);
  return uses.flatMap((use, index) => {
    if (use.op !== 'reset' || use.result !== 'InvalidResetKey USED' || use.start < receipt.usedAt) return [];
    if (use.start - receipt.usedAt > 500_000 || changes.some(({ at }) => at <= use.end + 5)) return [];
    const isTheirs = entries.some(
      (entry) => entry.op === 'signIn' && entry.outcome === 'ok' && entry.password === use.password,
    );
    // Any call with this key since the reset may have used up one of the three replays.
    const earlier = uses.filter(
      (each, other) => other !== index && each.op === 'reset' && each.end > receipt.usedAt && each.start < use.end,
    );
    if (!isTheirs || earlier.length >= 3) return [];
    return [{ check: 'I4', at: use.end, text: `a repeated reset was refused although it had set the password` }];
  });
}
