import type { LatchkeyClient, ResetKeyFault } from '../../../schema/sdk/client.js';
import { Attempt, resultOf, type Setback, setback, unforeseen } from './attempt.js';
import { forgetThereWasKey } from './key-from-address.js';
import { feedbackOn, hintOn, type Policy, sentenceOn, type Violation, violationOf } from './password-feedback.js';
import { showRequest } from './request-link.js';
import { announce, leadsSomewhere, markFaulty, onSubmit, part, show } from './views.js';
import { keyFaults, timeInWords, uncertainReset } from './wording.js';

/** Milliseconds without a key stroke until screen readers read the feedback; after each key would be too often. */
const typingPause = 1000;

export interface GoodKey {
  readonly key: string;
  readonly expiresAt: string;
  /** Undefined if the policy could not be read; the server then reports violations after the submit. */
  readonly policy: Policy | undefined;
}

/** The form for the new password. The page keeps the key only in this function's variables. */
export function showNewPassword(client: LatchkeyClient, { key, expiresAt, policy }: GoodKey): void {
  const left = show('new-password', () => {
    part('lifetime').textContent = `Your link works until ${timeInWords(new Date(expiresAt))}.`;
    part('password-hint').textContent = hintOn(policy);
  });
  const field = part('password', HTMLInputElement);
  const attempt = new Attempt(left, 'Saving…');
  const reveal = offerToReveal(field);
  if (policy) giveFeedback(field, policy, left);
  field.addEventListener('input', () => {
    markFaulty(field, []);
    part('known-password').hidden = true;
  });
  onSubmit(() => {
    // Browsers offer to save a password only if its field has the type `password` at the submit.
    reveal(false);
    const violation = policy && violationOf(field.value, policy);
    if (violation) refuse(field, [violation]);
    else attempt.make(() => setPassword(client, key, field, left));
  });
}

async function setPassword(
  client: LatchkeyClient,
  key: string,
  field: HTMLInputElement,
  left: AbortSignal,
): Promise<Setback | undefined> {
  field.readOnly = true;
  const result = await resultOf(client.resetPassword({ key, password: field.value }));
  field.readOnly = false;
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

export function refuse(field: HTMLInputElement, violations: readonly Violation[]): void {
  // "Long enough" beside a refusal would contradict it.
  part('password-feedback').textContent = '';
  markFaulty(field, violations.map(sentenceOn));
  const isTheirs = violations.some(({ rule }) => rule === 'SAME_AS_BEFORE');
  part('known-password').hidden = !isTheirs || !leadsSomewhere('sign-in');
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

export function giveFeedback(field: HTMLInputElement, policy: Policy, left: AbortSignal): void {
  const line = part('password-feedback');
  let pause: ReturnType<typeof setTimeout> | undefined;
  left.addEventListener('abort', () => clearTimeout(pause));
  field.addEventListener('input', () => {
    const { kind, text } = feedbackOn(field.value, policy);
    line.textContent = field.value === '' ? '' : text;
    line.className = `feedback ${kind}`;
    clearTimeout(pause);
    if (line.textContent) pause = setTimeout(() => announce(line.textContent ?? ''), typingPause);
  });
}

/** Lets people see what they type, instead of typing it twice. @returns a function that shows or hides the password. */
export function offerToReveal(field: HTMLInputElement): (shown: boolean) => void {
  const reveal = (shown: boolean) => {
    field.type = shown ? 'text' : 'password';
    part('reveal-verb').textContent = shown ? 'Hide' : 'Show';
  };
  part('reveal').addEventListener('click', () => {
    const shown = field.type === 'password';
    reveal(shown);
    announce(shown ? 'Your password is shown.' : 'Your password is hidden.');
  });
  return reveal;
}
