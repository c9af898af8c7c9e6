import type { LatchkeyClient, ResetKeyFault } from '../../../schema/sdk/client.js';
import { resultOf, type Setback, setback, unforeseen } from './attempt.js';
import { forgetThereWasKey } from './key-from-address.js';
import { hintOn, type Policy } from './password-feedback.js';
import { passwordForm, refuse } from './password-form.js';
import { showRequest } from './request-link.js';
import { leadsSomewhere, part, show } from './views.js';
import { keyFaults, timeInWords, uncertainReset } from './wording.js';

export interface GoodKey {
  readonly key: string;
  readonly expiresAt: string;
  /** The stored address of the account. */
  readonly email: string;
  /** Undefined if the policy could not be read; the server then reports violations after the submit. */
  readonly policy: Policy | undefined;
}

/** The form for the new password. The page keeps the key only in this function's variables. */
export function showNewPassword(client: LatchkeyClient, { key, expiresAt, email, policy }: GoodKey): void {
  const left = show('new-password', () => {
    part('account').hidden = false;
    part('account-address').textContent = email;
    part('lifetime').textContent = `Your link works until ${timeInWords(new Date(expiresAt))}.`;
    part('password-hint').textContent = hintOn(policy);
  });
  passwordForm(email, policy, left, (field) => setPassword(client, key, field, left));
}

async function setPassword(
  client: LatchkeyClient,
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
    case 'TooManyRequests':
    case 'TemporarilyUnavailable':
      return setback(result);
    case 'NoResult': {
      const { text, retryAfterSeconds } = setback(result);
      return { text: result.kind === 'refused' ? text : `${text} ${uncertainReset}`, retryAfterSeconds };
    }
    default:
      return unforeseen(result);
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
  client: LatchkeyClient,
  { reason, message }: { reason: ResetKeyFault; message: string },
): void {
  forgetThereWasKey();
  // A reason that is newer than this page comes with the server's message.
  const wording = keyFaults[reason] ?? { heading: 'This link does not work', reason: message, passwordWasSet: false };
  show('invalid-key', () => {
    part('heading').textContent = wording.heading;
    part('reason').textContent = wording.reason;
    part('objection').hidden = !wording.passwordWasSet || !leadsSomewhere('support');
    part('sign-in').hidden = !wording.passwordWasSet || !leadsSomewhere('sign-in');
  });
  part('ask').addEventListener('click', () => showRequest(client));
}
