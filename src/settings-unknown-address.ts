import { limits, onOrOff } from './settings-values.js';

/** The option to tell unknown addresses that somebody asked, and its budgets. */
export const unknownAddressSettings = {
  NOTIFY_UNKNOWN_ADDRESS: {
    value: onOrOff,
    byDefault: 'off',
    meaning: 'Whether a mail tells the holder of an address without an account that somebody asked for it.',
  },
  LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS: {
    value: limits,
    byDefault: '1/86400',
    meaning: 'Mails to one address without an account; silent, counted in the worker, as the next two.',
  },
  LIMIT_NOTIFY_UNKNOWN_PER_CLIENT: {
    value: limits,
    byDefault: '5/86400',
    meaning: 'Mails to addresses without an account for the requests of one client.',
  },
  LIMIT_NOTIFY_UNKNOWN_IN_ALL: {
    value: limits,
    byDefault: '30/3600',
    meaning: 'Mails to addresses without an account, of all workers together.',
  },
};
