import type { ResetKeyFault } from '../../../schema/sdk/client.js';
import type { RecoveryClient } from '../../../schema/sdk/recovery-client.js';
import { resultOf, type Setback, setback } from './attempt.js';
import { forgetThereWasKey } from './key-from-address.js';
import { hintOn, type Policy } from './password-feedback.js';
import { passwordForm, refuse } from './password-form.js';
import { showRequest } from './request-link.js';
import { address, leadsSomewhere, part, show, tell } from './views.js';
import { keyFault, timeInWords } from './wording.js';

export interface GoodKey {
  readonly key: string;
  readonly expiresAt: string;
  /** The stored address of the account. */
  readonly email: string;
  /** Undefined if the policy could not be read; the server then reports violations after the submit. */
  readonly policy: Policy | undefined;
}

/** The form for the new password. The page keeps the key only in this function's variables. */
export function showNewPassword(client: RecoveryClient, { key, expiresAt, email, policy }: GoodKey): void {
  const left = show('new-password', () => {
    part('account').hidden = false;
    tell('account', 'account', { email: address('account-address', email) });
    tell('lifetime', 'valid-until', { time: timeInWords(new Date(expiresAt)) });
    part('password-hint').textContent = hintOn(policy);
  });
  passwordForm(email, policy, left, (field) => setPassword(client, key, field, left));
}

async function setPassword(
  client: RecoveryClient,
  key: string,
  field: HTMLInputElement,
  left: AbortSignal,
): Promise<Setback | undefined> {
  const result = await resultOf(client.resetPassword({ key, password: field.value }));
  if (left.aborted) return undefined;
  switch (result.__typename) {
    case 'PasswordResetCompleted':
      showCompleted(result.signInUrl);
      return undefined;
    case 'InvalidResetKey':
      showInvalidKey(client, result);
      return undefined;
    case 'PasswordRejected':
      refuse(field, result.violations);
      return undefined;
    default:
      return setback(result, 'uncertain-reset');
  }
}

/** A reset signs nobody in, so this view offers only the way to sign in. */
function showCompleted(signInUrl: string | null): void {
  forgetThereWasKey();
  show('completed', () => {
    const signIn = part('sign-in', HTMLAnchorElement);
    if (signInUrl) signIn.href = signInUrl;
    signIn.hidden = !leadsSomewhere('sign-in');
  });
}

export function showInvalidKey(
  client: RecoveryClient,
  { reason, message }: { reason: ResetKeyFault; message: string },
): void {
  forgetThereWasKey();
  const wording = keyFault(reason, message);
  show('invalid-key', () => {
    part('heading').textContent = wording.heading;
    part('reason').textContent = wording.reason;
    part('objection').hidden = !wording.wasDone || !leadsSomewhere('support');
    part('sign-in').hidden = !wording.wasDone || !leadsSomewhere('sign-in');
  });
  part('ask').addEventListener('click', () => showRequest(client));
}
