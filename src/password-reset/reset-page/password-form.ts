import { Attempt, type Setback } from './attempt.js';
import { feedbackOn, type Policy, sentenceOn, type Violation, violationOf } from './password-feedback.js';
import { afterPause, announce, leadsSomewhere, markFaulty, onSubmit, part, tell } from './views.js';
import { say } from './wording.js';

/**
 * The form in which a person chooses a password. Its view must be shown before.
 *
 * @param account the address that password managers keep the password with; undefined if it is not known.
 * @param policy undefined if it could not be read; the server then reports violations after the submit.
 * @param left aborted when the page shows another view.
 * @param send sends the password. @returns what the page says when that failed.
 */
export function passwordForm(
  account: string | undefined,
  policy: Policy | undefined,
  left: AbortSignal,
  send: (field: HTMLInputElement) => Promise<Setback | undefined>,
): void {
  const field = part('password', HTMLInputElement);
  const attempt = new Attempt(left, say('saving'));
  const reveal = offerToReveal(field);
  tellManagers(field, account, policy);
  if (policy) giveFeedback(field, policy, left);
  field.addEventListener('input', () => {
    markFaulty(field, []);
    part('known-password').hidden = true;
  });
  const sendOnce = () => {
    field.readOnly = true;
    return send(field).finally(() => {
      field.readOnly = false;
    });
  };
  onSubmit(() => {
    // Browsers offer to save a password only if its field has the type `password` at the submit.
    reveal(false);
    const violation = policy && violationOf(field.value, policy);
    if (field.value === '') markFaulty(field, [say('password-empty')]);
    else if (violation) refuse(field, [violation]);
    else attempt.make(sendOnce);
  });
}

export function refuse(field: HTMLInputElement, violations: readonly Violation[]): void {
  // "Long enough" beside a refusal would contradict it.
  part('password-feedback').textContent = '';
  markFaulty(field, violations.map(sentenceOn));
  const isTheirs = violations.some(({ rule }) => rule === 'SAME_AS_BEFORE');
  part('known-password').hidden = !isTheirs || !leadsSomewhere('sign-in');
}

/** Which entry the password belongs to, and what a generated one needs. `maxlength` would cut pasted ones in silence. */
function tellManagers(field: HTMLInputElement, account: string | undefined, policy: Policy | undefined): void {
  const name = part('username', HTMLInputElement);
  if (account) name.value = account;
  else name.remove();
  if (!policy) return;
  const { minLength, maxLength } = policy;
  field.minLength = minLength;
  field.setAttribute('passwordrules', `minlength: ${minLength}; maxlength: ${maxLength}; allowed: ascii-printable;`);
}

function giveFeedback(field: HTMLInputElement, policy: Policy, left: AbortSignal): void {
  const line = part('password-feedback');
  field.addEventListener('input', () => {
    const { kind, text } = feedbackOn(field.value, policy);
    line.textContent = field.value === '' ? '' : text;
    line.className = `feedback ${kind}`;
  });
  afterPause(field, left, () => line.textContent);
}

/** Lets people see what they type, instead of typing it twice. @returns a function that shows or hides the password. */
function offerToReveal(field: HTMLInputElement): (shown: boolean) => void {
  const reveal = (shown: boolean) => {
    field.type = shown ? 'text' : 'password';
    const button = part('reveal');
    tell('reveal', shown ? 'hide' : 'show');
    button.setAttribute('aria-label', say(shown ? 'hide-password' : 'show-password'));
  };
  part('reveal').addEventListener('click', () => {
    const shown = field.type === 'password';
    reveal(shown);
    announce(say(shown ? 'is-shown' : 'is-hidden'));
  });
  return reveal;
}
