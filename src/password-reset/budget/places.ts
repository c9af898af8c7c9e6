import type { Window } from '../../rate-limit/rate-limiter.js';

/**
 * One mail of a budget. `counted`: takes a point of every window. `device`, `network`: the mail used one of the two
 * reserved places, which take no point. `refused`: the mailbox refused a counted mail, which then takes a point of the
 * shortest window only.
 */
export interface Place {
  readonly job: string;
  /** Milliseconds, the database's clock. */
  readonly at: number;
  readonly kind: 'counted' | 'device' | 'network' | 'refused';
  /** Where the request came from, under a pseudonym; empty where that is not known. */
  readonly network: string;
}

/** Who asks, and when (milliseconds, the database's clock). */
export interface Asking {
  readonly job: string;
  readonly now: number;
  readonly network: string;
  /** Whether the request carries a device token of the account. */
  readonly isOwnDevice: boolean;
}

/** `refillsAt` (milliseconds): until then only a reserved place allows a mail; undefined while the budget has room. */
export interface Answer {
  readonly granted: boolean;
  readonly places: readonly Place[];
  readonly refillsAt: number | undefined;
}

/**
 * Whether a request gets a mail. Windows slide: at any time the last `seconds` hold at most `points` mails. A job that
 * has a place keeps it in every attempt; `refillsAt` is then that of the budget now.
 */
export function ask(before: readonly Place[], asking: Asking, windows: readonly Window[]): Answer {
  const { job, now, network } = asking;
  const [longest] = spans(windows).slice(-1);
  const places = before.filter(({ at }) => at > now - (longest ?? 0));
  const with_ = (kind: Place['kind']): Answer => {
    const more = [...places, { job, at: now, kind, network }];
    return { granted: true, places: more, refillsAt: refill(more, now, windows) };
  };
  if (places.some((each) => each.job === job)) {
    return { granted: true, places, refillsAt: refill(places, now, windows) };
  }
  const refillsAt = refill(places, now, windows);
  if (refillsAt === undefined) return with_('counted');
  if (asking.isOwnDevice && !places.some(({ kind }) => kind === 'device')) return with_('device');
  const isNew = network !== '' && !places.some((each) => each.kind !== 'device' && each.network === network);
  if (isNew && !places.some(({ kind }) => kind === 'network')) return with_('network');
  return { granted: false, places, refillsAt };
}

/** Frees the place of a job that ended without a mail. */
export function giveBack(places: readonly Place[], job: string): readonly Place[] {
  return places.filter((each) => each.job !== job);
}

/** The mailbox refused a job's mail. A reserved place stays used, or each new network would get one more mail. */
export function refuse(places: readonly Place[], job: string): readonly Place[] {
  return places.map((each) => (each.job === job && each.kind === 'counted' ? { ...each, kind: 'refused' } : each));
}

/** When every window has room again, in milliseconds; undefined while every one has. */
function refill(places: readonly Place[], now: number, windows: readonly Window[]): number | undefined {
  const [shortest] = spans(windows);
  const times = windows.map(({ points, seconds }) => {
    const span = seconds * 1_000;
    const counted = places
      .filter(({ at, kind }) => at > now - span && (kind === 'counted' || (kind === 'refused' && span === shortest)))
      .map(({ at }) => at)
      .sort((one, other) => one - other);
    // The oldest of the last `points` has to leave the window.
    const leaves = counted.at(-points);
    return leaves === undefined ? undefined : leaves + span;
  });
  const full = times.filter((each) => each !== undefined);
  return full.length > 0 ? Math.max(...full) : undefined;
}

/** Milliseconds, the shortest first. */
function spans(windows: readonly Window[]): number[] {
  return windows.map(({ seconds }) => seconds * 1_000).sort((one, other) => one - other);
}
