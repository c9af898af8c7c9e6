import type { MikroORM } from '@mikro-orm/postgresql';
import { dummyOf } from '../accounts/passwords/forms/names.js';
import type { PasswordHash } from '../accounts/passwords/password-hash.js';
import type { AppFault } from '../accounts/source/app-refused.js';
import { checkShape } from '../accounts/source/check.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { Settings } from '../settings/settings.js';
import { AccountsCheck } from './accounts-check.js';

/** Checks the table of `ACCOUNTS` for what this process does with it. */
export function createAccountsCheck(
  { command, accounts: { shape, signIn } }: Settings,
  parts: { orm: MikroORM; log: Log; metrics: Metrics; passwordHash: Pick<PasswordHash, 'ownForm'> },
): AccountsCheck {
  const { orm, log, metrics, passwordHash } = parts;
  const [isApi, isWorker] = [command !== 'worker', command !== 'api'];
  const duties = { findsByAddress: isWorker || signIn, resets: isApi };
  const hashLength = dummyOf(passwordHash.ownForm).length;
  const check = shape && (() => checkShape(orm, shape, duties, hashLength));
  return new AccountsCheck(check, log, metrics);
}

/** Tells the operator what the app's table refused. */
export function tellAppFaults(log: Log, metrics: Metrics): (fault: AppFault) => void {
  return ({ key, reason }) => {
    metrics.alarm('accounts-refused');
    const fields = { part: 'accounts', setting: 'ACCOUNTS', reason: `"${key}" ${reason}` };
    log.error(fields, 'ALARM: the table of ACCOUNTS refused a statement; nothing was changed');
  };
}
