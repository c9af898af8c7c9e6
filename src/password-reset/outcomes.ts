import type { PasswordRejected } from '../accounts/passwords/password-policy.js';
import type { TemporarilyUnavailable } from '../calls/deadline.js';
import type { TooManyRequests } from '../calls/too-many-requests.js';
import type { ResetKeyRecord } from './keys/record-form.js';
import type { KeyDigest } from './keys/reset-key.js';

/** Why a key does not work. Only the holder of a real key can see another reason than UNKNOWN. */
export enum ResetKeyFault {
  UNKNOWN = 'UNKNOWN',
  EXPIRED = 'EXPIRED',
  USED = 'USED',
  SUPERSEDED = 'SUPERSEDED',
}
export type InvalidResetKey = { readonly kind: 'InvalidResetKey'; readonly reason: ResetKeyFault };

/** A key that works now. */
export interface Found<Owner> {
  readonly kind: 'Found';
  readonly digest: KeyDigest;
  readonly record: ResetKeyRecord;
  readonly account: Owner;
}
/** A key that does not work. `digest` is set if the key is known to have been issued. */
export type NotFound = (InvalidResetKey & { readonly digest?: KeyDigest | undefined }) | TooManyRequests;

export function invalid(reason: ResetKeyFault, digest?: KeyDigest): NotFound {
  return { kind: 'InvalidResetKey', reason, digest };
}

export type RequestOutcome =
  | {
      readonly kind: 'PasswordResetRequested';
      readonly keyLifetimeSeconds: number;
      readonly askAgainAfterSeconds: number;
    }
  | { readonly kind: 'InvalidEmailAddress' }
  | TooManyRequests
  | TemporarilyUnavailable;
export type InspectOutcome =
  | { readonly kind: 'ResetKeyValid'; readonly expiresAt: Date; readonly email: string }
  | InvalidResetKey
  | TooManyRequests
  | TemporarilyUnavailable;
export type ResetOutcome =
  | { readonly kind: 'PasswordResetCompleted'; readonly signInUrl: string | undefined; readonly device: string }
  | InvalidResetKey
  | PasswordRejected
  | TooManyRequests
  | TemporarilyUnavailable;
