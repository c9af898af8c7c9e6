import type { LatchkeyClient, ResetKeyFault } from '../../../schema/sdk/client.js';
import { Attempt, resultOf, type Setback, setback, unforeseen } from './attempt.js';
import { forgetThereWasKey } from './key-from-address.js';
import { feedbackOn, hintOn, type Policy, sentenceOn, type Violation, violationOf } from './password-feedback.js';
import { showRequest } from './request-link.js';
import { announce, leadsSomewhere, markFaulty, onSubmit, part, show } from './views.js';
import { keyFaults, timeInWords, uncertainReset } from './wording.js';

/** Milliseconds without a key stroke, after which the feedback is read out: each character would be too much. */
const typingPause = 1000;

export interface GoodKey {
  readonly key: string;
  readonly expiresAt: string;
  /** Undefined if it could not be had; the server tells then, after the submit, what it asks for. */
  readonly policy: Policy | undefined;
}

/** The form for the new password. The key is in this function's memory and nowhere else. */
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
    // Browsers offer to save what was sent from a password field only.
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
  // "Long enough" beside a refusal would read like a contradiction.
  part('password-feedback').textContent = '';
  markFaulty(field, violations.map(sentenceOn));
  const isTheirs = violations.some(({ rule }) => rule === 'SAME_AS_BEFORE');
  part('known-password').hidden = !isTheirs || !leadsSomewhere('sign-in');
}

/** Nobody is signed in by a reset, so the way to sign in is all there is. */
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
  // A reason that the schema got after this page was made has at least a message.
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

/** People who can see what they type need not type it twice. Returns how to show or hide it otherwise. */
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
