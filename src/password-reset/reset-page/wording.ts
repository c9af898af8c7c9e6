import type { LatchkeyRequestError, ResetKeyFault } from '../../../schema/sdk/client.js';

export interface FaultWording {
  readonly heading: string;
  readonly reason: string;
  /** Somebody set a password, so the page offers a way to object. */
  readonly passwordWasSet: boolean;
}

export const keyFaults: Readonly<Record<ResetKeyFault, FaultWording>> = {
  USED: {
    heading: 'This link was used already',
    reason: 'A link sets a password once, and this one did. If that was you just now, sign in with that password.',
    passwordWasSet: true,
  },
  EXPIRED: {
    heading: 'This link has expired',
    reason: 'Links work for a limited time, and the time of this one is over. It changed nothing.',
    passwordWasSet: false,
  },
  SUPERSEDED: {
    heading: 'This link no longer works',
    reason: 'Your password was changed in another way after the mail was sent, which ends all links from before.',
    passwordWasSet: true,
  },
  UNKNOWN: {
    heading: 'We do not know this link',
    reason:
      'Part of it may be missing: try to open it from the mail again, or copy all of it. Very old links are forgotten.',
    passwordWasSet: false,
  },
};

export const signUpFaults: Readonly<
  Record<ResetKeyFault, { readonly heading: string; readonly reason: string; readonly hasAccount: boolean }>
> = {
  USED: {
    heading: 'This link was used already',
    reason: 'A link makes an account once, and this one did. If that was you, sign in with that password.',
    hasAccount: true,
  },
  EXPIRED: {
    heading: 'This link has expired',
    reason: 'Links work for a limited time, and the time of this one is over. No account was made: sign up again.',
    hasAccount: false,
  },
  SUPERSEDED: {
    heading: 'You have an account already',
    reason:
      'An account was made with your address after this mail was sent. If you do not know its password, set a new one.',
    hasAccount: true,
  },
  UNKNOWN: {
    heading: 'We do not know this link',
    reason:
      'Part of it may be missing: try to open it from the mail again, or copy all of it. Very old links are forgotten: then sign up again.',
    hasAccount: false,
  },
};

/** True because the same call with the same password succeeds again if its answer was lost. */
export const uncertainSignUp =
  'It is not certain whether your account was made. Trying again with the same password is safe.';

/** For a field that was sent empty. */
export const noAddress = 'Type the e-mail address of your account.';
export const noPassword = 'Type the password that you want to have from now on.';

/** For calls that got no result, by the kind of failure. */
export const requestFailures: Readonly<Record<LatchkeyRequestError['kind'], string>> = {
  offline: 'The server could not be reached. Check your connection to the internet.',
  timeout: 'The server did not answer in time.',
  unavailable: 'We cannot do this at the moment.',
  refused: 'The server did not accept the request.',
  failed: 'Something went wrong on the server.',
};

/** True because the same call with the same password succeeds again if its answer was lost. */
export const uncertainReset =
  'It is not certain whether your password was changed. Trying again with the same password is safe.';

/** Rounded down, so that a promised time is never longer than the real one. */
export function inWords(seconds: number): string {
  if (seconds >= 7200) return count(Math.floor(seconds / 3600), 'hour');
  if (seconds >= 60) return count(Math.floor(seconds / 60), 'minute');
  return count(seconds, 'second');
}

/** In the person's own time zone; with the date unless that is today. */
export function timeInWords(time: Date): string {
  const today = time.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat('en', { ...(today ? {} : { dateStyle: 'long' }), timeStyle: 'short' }).format(time);
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`;
}
