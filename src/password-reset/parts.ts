import type { Accounts } from '../accounts/accounts.js';
import type { FormShares } from '../accounts/passwords/form-shares.js';
import type { NewPasswords } from '../accounts/passwords/new-passwords.js';
import type { PasswordHash } from '../accounts/passwords/password-hash.js';
import type { PasswordPolicy } from '../accounts/passwords/password-policy.js';
import type { Devices } from '../accounts/sessions/devices.js';
import type { Audit } from '../audit/audit.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { Log } from '../observability/log.js';
import type { CallerLimit } from '../rate-limit/caller-limit.js';
import type { ResetBudget } from './reset-budget.js';
import type { ResetKeys } from './reset-keys.js';
import type { ResetMails } from './reset-mails.js';
import type { ResetReceipts } from './reset-receipts.js';
import type { UnknownAddresses } from './unknown-addresses.js';

export interface PasswordResetSettings {
  readonly keyTtlSeconds: number;
  readonly requestDeadlineSeconds: number;
  readonly askAgainAfterSeconds: number;
  readonly signInUrl: string | undefined;
}

export interface PasswordResetParts {
  readonly settings: PasswordResetSettings;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordHash: PasswordHash;
  readonly newPasswords: NewPasswords;
  readonly formShares: FormShares;
  readonly resetKeys: ResetKeys;
  readonly receipts: ResetReceipts;
  readonly budget: ResetBudget;
  readonly mails: ResetMails;
  readonly unknownAddresses: UnknownAddresses;
  readonly jobs: JobQueue;
  readonly audit: Audit;
  readonly limits: {
    readonly requests: CallerLimit;
    readonly keyFailures: CallerLimit;
  };
  readonly log: Log;
}
