import type { EmailAddress } from '../accounts/email-address.js';
import type { PasswordRejected } from '../accounts/passwords/password-policy.js';
import type { TemporarilyUnavailable } from '../calls/deadline.js';
import type { TooManyRequests } from '../calls/too-many-requests.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';
import { requestClasses } from './request-class.js';
import type { KeyDigest } from './reset-key.js';

/** "Somebody asked for this address": all of it validated or mapped to a closed set, and no key in it. */
export interface ResetRequest {
  readonly email: EmailAddress;
  /** A language that mails are written in, or null. */
  readonly locale: string | null;
  readonly requestId: string;
  readonly client: string;
  /** A text that can be a device (see `Devices`), or null; of jobs that an older process wrote, undefined. */
  readonly device?: string | null;
  /** That the client is part of: an IPv4 /24, an IPv6 /48. Undefined in jobs that an older process wrote. */
  readonly network?: string;
}
export const resetRequests: QueueDefinition<ResetRequest> = {
  name: 'password-reset-request',
  classes: requestClasses,
};

/** Why a key is not good. Only the holder of a real key can ever see another reason than UNKNOWN. */
export enum ResetKeyFault {
  UNKNOWN = 'UNKNOWN',
  EXPIRED = 'EXPIRED',
  USED = 'USED',
  SUPERSEDED = 'SUPERSEDED',
}
export type InvalidResetKey = { readonly kind: 'invalid-reset-key'; readonly reason: ResetKeyFault };

/** Of a key that was ours once. */
export function invalid(reason: ResetKeyFault, digest: KeyDigest) {
  return { kind: 'invalid-reset-key', reason, digest } as const;
}

export type RequestOutcome =
  | { readonly kind: 'requested'; readonly keyLifetimeSeconds: number; readonly askAgainAfterSeconds: number }
  | { readonly kind: 'invalid-email-address' }
  | TooManyRequests
  | TemporarilyUnavailable;
export type InspectOutcome =
  | { readonly kind: 'valid'; readonly expiresAt: Date }
  | InvalidResetKey
  | TooManyRequests
  | TemporarilyUnavailable;
export type ResetOutcome =
  | { readonly kind: 'completed'; readonly signInUrl: string | undefined; readonly device: string }
  | InvalidResetKey
  | PasswordRejected
  | TooManyRequests
  | TemporarilyUnavailable;
