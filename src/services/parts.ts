import type { MikroORM } from '@mikro-orm/postgresql';
import type { Cluster, Redis } from 'ioredis';
import type { AccountMails } from '../accounts/account-mails.js';
import type { Accounts } from '../accounts/accounts.js';
import type { ChangeNotices } from '../accounts/change-notices.js';
import type { ChangePassword } from '../accounts/change-password.js';
import type { CredentialEvents } from '../accounts/credential-events.js';
import type { Overwrites } from '../accounts/overwrites.js';
import type { FormShares } from '../accounts/passwords/forms/shares.js';
import type { HashLimiter } from '../accounts/passwords/hashing/hash-limiter.js';
import type { PasswordHash } from '../accounts/passwords/password-hash.js';
import type { PasswordPolicy } from '../accounts/passwords/password-policy.js';
import type { AccessTokens } from '../accounts/sessions/access-token.js';
import type { Devices } from '../accounts/sessions/devices.js';
import type { Sessions } from '../accounts/sessions/sessions.js';
import type { SignInFailures } from '../accounts/sessions/sign-in-failures.js';
import type { SignUp } from '../accounts/sign-up.js';
import type { Audit } from '../audit/audit.js';
import type { EventOrder } from '../events/event-order.js';
import type { Receiver } from '../events/receiver.js';
import type { Health } from '../http/operations.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { DialogueTimes } from '../mail/dialogue-times.js';
import type { MailTemplates } from '../mail/mail-template.js';
import type { Mailer } from '../mail/mailer.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { ResetBudget } from '../password-reset/budget/reset-budget.js';
import type { Replays } from '../password-reset/keys/replays.js';
import type { ResetKeys } from '../password-reset/keys/reset-keys.js';
import type { ResetReceipts } from '../password-reset/keys/reset-receipts.js';
import type { PasswordReset } from '../password-reset/password-reset.js';
import type { ResetMails } from '../password-reset/reset-mails.js';
import type { DataKey } from '../secrets/data-key.js';
import type { ConfirmSignUp } from '../sign-up-confirmation/confirm-sign-up.js';
import type { SignUpDelivery } from '../sign-up-confirmation/sign-up-delivery.js';
import type { AccountsCheck } from './accounts-check.js';
import type { Instance } from './instance.js';

/** Replacements for parts, for tests that need another part or a fault between two parts. */
export type Overrides = { -readonly [Name in keyof Parts]?: (parts: Partial<Parts>) => Parts[Name] };
/** Makes a part, or takes its replacement. */
export type Make = <Name extends keyof Parts>(name: Name, standard: () => Parts[Name]) => Parts[Name];
export type Services = Parts & {
  readonly health: () => Promise<Health>;
  /** From now on the process reports that it is not ready, while it still works. */
  readonly announceEnd: () => void;
  /** Waits for the work that is under way, then closes every connection. */
  readonly close: () => Promise<void>;
};

/** The parts of a process, one object for each task. */
export interface Parts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly orm: MikroORM;
  readonly instance: Instance;
  readonly redis: Redis | Cluster;
  readonly jobs: JobQueue;
  readonly audit: Audit;
  readonly dataKey: DataKey;
  readonly hashLimiter: HashLimiter;
  readonly passwordHash: PasswordHash;
  readonly formShares: FormShares;
  readonly passwordPolicy: PasswordPolicy;
  readonly accessTokens: AccessTokens;
  readonly accounts: Accounts;
  readonly accountsCheck: AccountsCheck;
  readonly overwrites: Overwrites;
  readonly devices: Devices;
  readonly signInFailures: SignInFailures;
  readonly changeNotices: ChangeNotices;
  readonly receivers: readonly Receiver[];
  readonly eventOrder: EventOrder;
  readonly credentialEvents: CredentialEvents;
  readonly signUp: SignUp;
  readonly sessions: Sessions;
  readonly changePassword: ChangePassword;
  readonly accountMails: AccountMails;
  readonly mailTemplates: MailTemplates;
  readonly dialogueTimes: DialogueTimes;
  readonly mailer: Mailer;
  readonly resetKeys: ResetKeys;
  readonly resetReceipts: ResetReceipts;
  readonly replays: Replays;
  readonly resetBudget: ResetBudget;
  readonly resetMails: ResetMails;
  readonly passwordReset: PasswordReset;
  readonly confirmSignUp: ConfirmSignUp;
  readonly signUpDelivery: SignUpDelivery;
}
