import { setting } from './definition.js';
import { limits, onOrOff } from './values.js';

/** What a network limit counts; the factors are `shareOf` in `rate-limit/caller-limit.ts`. */
const network = ' (IPv4 /24, IPv6 /56); a /48 has four times, a /32 sixteen times the points.';

/** Every limit: `points/seconds`, several windows separated by commas. */
export const limitSettings = {
  LIMIT_RESET_PER_ACCOUNT: setting({
    value: limits,
    byDefault: [
      { points: 3, seconds: 3600 },
      { points: 5, seconds: 21_600 },
    ],
    meaning:
      'Reset mails to one account, points/seconds, in any stretch of that length; silent, counted in the worker. On ' +
      'top, in each longest window: one mail for a device of the owner, and one for a network that did not use the limit up.',
  }),
  LIMIT_RESET_PER_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 30, seconds: 900 }],
    meaning: 'Reset requests of one client (IPv4 address, IPv6 /64).',
  }),
  LIMIT_RESET_PER_NETWORK: setting({
    value: limits,
    byDefault: [{ points: 300, seconds: 900 }],
    meaning: `Reset requests of one network${network}`,
  }),
  NOTIFY_UNKNOWN_ADDRESS: setting({
    value: onOrOff,
    byDefault: false,
    meaning: 'Whether a mail tells the holder of an address without an account that somebody asked for it.',
  }),
  LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS: setting({
    value: limits,
    byDefault: [{ points: 1, seconds: 86_400 }],
    meaning: 'Mails to one address without an account; silent, counted in the worker, like the next two limits.',
  }),
  LIMIT_NOTIFY_UNKNOWN_PER_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 5, seconds: 86_400 }],
    meaning: 'Mails to addresses without an account for the requests of one client.',
  }),
  LIMIT_NOTIFY_UNKNOWN_IN_ALL: setting({
    value: limits,
    byDefault: [{ points: 30, seconds: 3600 }],
    meaning: 'Mails to addresses without an account, of all workers together.',
  }),
  LIMIT_KEY_FAILURES_PER_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 20, seconds: 900 }],
    meaning: 'Unknown reset keys from one client.',
  }),
  LIMIT_KEY_FAILURES_PER_NETWORK: setting({
    value: limits,
    byDefault: [{ points: 200, seconds: 900 }],
    meaning: `Unknown reset keys from one network${network}`,
  }),
  LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 10, seconds: 900 }],
    meaning: 'Failed sign-ins for one address from one client.',
  }),
  LIMIT_SIGN_IN_PER_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 100, seconds: 900 }],
    meaning: 'Failed sign-ins from one client.',
  }),
  LIMIT_SIGN_IN_PER_NETWORK: setting({
    value: limits,
    byDefault: [{ points: 1000, seconds: 900 }],
    meaning: `Failed sign-ins from one network${network}`,
  }),
  LIMIT_SIGN_IN_PER_ADDRESS: setting({
    value: limits,
    byDefault: [{ points: 100, seconds: 86_400 }],
    meaning:
      'Failed sign-ins for one address from anywhere; silent, reset by a new password, and without effect on recovery.',
  }),
  LIMIT_SIGN_IN_PER_DEVICE: setting({
    value: limits,
    byDefault: [
      { points: 10, seconds: 900 },
      { points: 100, seconds: 86_400 },
    ],
    meaning: 'Failed sign-ins of one device with a valid `device` token; replaces the limit per address.',
  }),
  LIMIT_CHANGE_PASSWORD_PER_ACCOUNT: setting({
    value: limits,
    byDefault: [{ points: 5, seconds: 3600 }],
    meaning: 'Password changes of one account by `changePassword`; only its owner is told.',
  }),
  LIMIT_HASH_PER_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 300, seconds: 300 }],
    meaning: 'Calls of one client that hash a password: one a second on average, enough for an office of 200 people.',
  }),
  LIMIT_HASH_PER_NETWORK: setting({
    value: limits,
    byDefault: [{ points: 600, seconds: 60 }],
    meaning: `Calls of one network that hash a password${network}`,
  }),
  LIMIT_SIGN_UP_PER_CLIENT: setting({
    value: limits,
    byDefault: [{ points: 10, seconds: 3600 }],
    meaning: 'Sign-ups of one client.',
  }),
  LIMIT_SIGN_UP_PER_NETWORK: setting({
    value: limits,
    byDefault: [{ points: 100, seconds: 3600 }],
    meaning: `Sign-ups of one network${network}`,
  }),
};
