import { Accounts } from './20261122-accounts.js';

/** In the order in which they are applied. Append only. */
export const migrations = [Accounts];
