import type { LatchkeyClient, ResetKeyFault } from '../../../schema/sdk/client.js';
import { resultOf, type Setback, setback, unforeseen } from './attempt.js';
import { forgetThereWasKey } from './key-from-address.js';
import { hintOn, type Policy } from './password-feedback.js';
import { passwordForm, refuse } from './password-form.js';
import { showRequest } from './request-link.js';
import { leadsSomewhere, part, show } from './views.js';
import { signUpFaults, uncertainSignUp } from './wording.js';

/** The form behind a sign-up link: setting the password makes the account. */
export async function showNewAccount(client: LatchkeyClient, key: string): Promise<void> {
  const waiting = show('checking');
  const policy: Policy | undefined = await client.passwordPolicy().catch(() => undefined);
  if (waiting.aborted) return;
  const left = show('new-password', () => {
    part('heading').textContent = 'Choose a password for your new account';
    part('lifetime').textContent =
      'There is no account yet: it is made with the password that you set here. A password that you typed before was not kept.';
    part('password-label').textContent = 'Password';
    part('password-hint').textContent = hintOn(policy);
    part('submit').textContent = 'Make the account';
  });
  passwordForm(undefined, policy, left, (field) => makeAccount(client, key, field, left));
}

async function makeAccount(
  client: LatchkeyClient,
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
    case 'TooManyRequests':
    case 'TemporarilyUnavailable':
      return setback(result);
    case 'NoResult': {
      const { text, retryAfterSeconds } = setback(result);
      return { text: result.kind === 'refused' ? text : `${text} ${uncertainSignUp}`, retryAfterSeconds };
    }
    default:
      return unforeseen(result);
  }
}

function showMade(email: string): void {
  forgetThereWasKey();
  show('completed', () => {
    part('heading').textContent = 'Your account is made';
    part('completed-text').textContent = `Sign in as ${email} with your password.`;
    part('sign-in').hidden = !leadsSomewhere('sign-in');
  });
}

/** For a link that cannot make an account. If the address has one by now, the page offers a link for a new password. */
export function showInvalidSignUp(client: LatchkeyClient, reason: ResetKeyFault, message: string): void {
  forgetThereWasKey();
  const wording = signUpFaults[reason] ?? { heading: 'This link does not work', reason: message, hasAccount: false };
  show('invalid-key', () => {
    part('heading').textContent = wording.heading;
    part('reason').textContent = wording.reason;
    part('ask').hidden = !wording.hasAccount;
    part('sign-in').hidden = !wording.hasAccount || !leadsSomewhere('sign-in');
  });
  part('ask').addEventListener('click', () => showRequest(client));
}
