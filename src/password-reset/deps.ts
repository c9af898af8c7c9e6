import type { AccountMails } from '../accounts/account-mails.js';
import type { Accounts } from '../accounts/accounts.js';
import type { ChangeNotices } from '../accounts/change-notices.js';
import type { CredentialEvents } from '../accounts/credential-events.js';
import type { FormShares } from '../accounts/passwords/forms/shares.js';
import type { NewPasswords } from '../accounts/passwords/new-passwords.js';
import type { PasswordPolicy } from '../accounts/passwords/password-policy.js';
import type { Devices } from '../accounts/sessions/devices.js';
import type { Audit } from '../audit/audit.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { CallerLimit } from '../rate-limit/caller-limit.js';
import type { ResetBudget } from './budget/reset-budget.js';
import type { Replays } from './keys/replays.js';
import type { ResetKeys } from './keys/reset-keys.js';
import type { ResetReceipts } from './keys/reset-receipts.js';
import type { ResetMails } from './reset-mails.js';
import type { UnknownAddresses } from './unknown-addresses.js';

export interface PasswordResetSettings {
  readonly keyTtlSeconds: number;
  readonly requestDeadlineSeconds: number;
  readonly askAgainAfterSeconds: number;
  readonly signInUrl: string | undefined;
}

export interface PasswordResetDeps {
  readonly settings: PasswordResetSettings;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly passwordPolicy: PasswordPolicy;
  readonly newPasswords: NewPasswords;
  readonly formShares: FormShares;
  readonly resetKeys: ResetKeys;
  readonly receipts: ResetReceipts;
  readonly replays: Replays;
  readonly budget: ResetBudget;
  readonly mails: ResetMails;
  readonly accountMails: AccountMails;
  readonly unknownAddresses: UnknownAddresses;
  readonly jobs: JobQueue;
  readonly changeNotices: ChangeNotices;
  readonly credentialEvents: CredentialEvents;
  readonly audit: Audit;
  readonly limits: {
    readonly requests: CallerLimit;
    readonly keyFailures: CallerLimit;
  };
  readonly log: Log;
  readonly metrics: Metrics;
}
