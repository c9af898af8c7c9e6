import type { ResetKeyFault } from '../../../schema/sdk/client.js';
import type { RecoveryClient } from '../../../schema/sdk/recovery-client.js';
import { resultOf, type Setback, setback } from './attempt.js';
import { forgetThereWasKey } from './key-from-address.js';
import { hintOn, type Policy } from './password-feedback.js';
import { passwordForm, refuse } from './password-form.js';
import { showRequest } from './request-link.js';
import { leadsSomewhere, part, show, tell } from './views.js';
import { signUpFault } from './wording.js';

/** The form behind a sign-up link: setting the password makes the account. */
export async function showNewAccount(client: RecoveryClient, key: string): Promise<void> {
  const waiting = show('checking');
  const policy: Policy | undefined = await client.passwordPolicy().catch(() => undefined);
  if (waiting.aborted) return;
  const left = show('new-password', () => {
    tell('heading', 'new-account-title');
    tell('lifetime', 'new-account');
    tell('password-label', 'password');
    part('password-hint').textContent = hintOn(policy);
    tell('submit', 'make-account');
  });
  passwordForm(undefined, policy, left, (field) => makeAccount(client, key, field, left));
}

async function makeAccount(
  client: RecoveryClient,
  key: string,
  field: HTMLInputElement,
  left: AbortSignal,
): Promise<Setback | undefined> {
  const result = await resultOf(client.confirmSignUp({ key, password: field.value }));
  if (left.aborted) return undefined;
  switch (result.__typename) {
    case 'SignUpConfirmed':
      showMade(result.account.email);
      return undefined;
    case 'InvalidResetKey':
      showInvalidSignUp(client, result.reason, result.message);
      return undefined;
    case 'PasswordRejected':
      refuse(field, result.violations);
      return undefined;
    default:
      return setback(result, 'uncertain-sign-up');
  }
}

function showMade(email: string): void {
  forgetThereWasKey();
  show('completed', () => {
    tell('heading', 'made-title');
    tell('completed-text', 'made', { email });
    part('sign-in').hidden = !leadsSomewhere('sign-in');
  });
}

/** For a link that cannot make an account. If the address has one by now, the page offers a link for a new password. */
export function showInvalidSignUp(client: RecoveryClient, reason: ResetKeyFault, message: string): void {
  forgetThereWasKey();
  const wording = signUpFault(reason, message);
  show('invalid-key', () => {
    part('heading').textContent = wording.heading;
    part('reason').textContent = wording.reason;
    part('ask').hidden = !wording.wasDone;
    part('sign-in').hidden = !wording.wasDone || !leadsSomewhere('sign-in');
  });
  part('ask').addEventListener('click', () => showRequest(client));
}
