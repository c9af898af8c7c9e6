import type { RecoveryClient } from '../../../schema/sdk/recovery-client.js';
import { suggestionFor } from './address-feedback.js';
import { Attempt, resultOf, type Setback, setback } from './attempt.js';
import { address, afterPause, markFaulty, onSubmit, part, show, tell } from './views.js';
import { lifetime, pageLanguage, say, wait } from './wording.js';

/** The form that asks for a mail with a link. */
export function showRequest(client: RecoveryClient, { reloaded = false, email = addressFromApp() } = {}): void {
  const left = show('request', () => {
    part('reloaded').hidden = !reloaded;
    part('email', HTMLInputElement).value = email;
  });
  const field = part('email', HTMLInputElement);
  const attempt = new Attempt(left, say('sending'));
  field.addEventListener('input', () => markFaulty(field, []));
  offerSuggestion(field, left);
  onSubmit(() => {
    if (field.value.trim() === '') markFaulty(field, [say('email-empty')]);
    else attempt.make(() => requestLink(client, field, left));
  });
}

/** The address of the account, where the app that leads here knows it: `?email=`. It fills the field, nothing more. */
function addressFromApp(): string {
  return new URLSearchParams(window.location.search).get('email')?.slice(0, 254) ?? '';
}

/** Below the form, where nothing moves when it appears; the typed address is sent as it is. */
function offerSuggestion(field: HTMLInputElement, left: AbortSignal): void {
  const button = part('take-suggestion', HTMLButtonElement);
  const look = () => {
    const suggestion = suggestionFor(field.value);
    part('suggestion').hidden = suggestion === undefined;
    tell('take-suggestion', 'did-you-mean', { address: address('suggested', suggestion ?? '') });
    return suggestion && button.textContent;
  };
  afterPause(field, left, look);
  button.addEventListener('click', () => {
    field.value = suggestionFor(field.value) ?? field.value;
    look();
    field.focus();
  });
  look();
}

async function requestLink(
  client: RecoveryClient,
  field: HTMLInputElement,
  left: AbortSignal,
): Promise<Setback | undefined> {
  const email = field.value;
  markFaulty(field, []);
  const result = await resultOf(client.requestPasswordReset({ email, locale: pageLanguage() }));
  if (left.aborted) return undefined;
  switch (result.__typename) {
    case 'PasswordResetRequested':
      showRequested(client, email, result);
      return undefined;
    case 'InvalidEmailAddress':
      markFaulty(field, [say('email-invalid')]);
      return undefined;
    default:
      return setback(result);
  }
}

/** The same view for every address, so it says that a mail comes only if there is an account. */
function showRequested(
  client: RecoveryClient,
  email: string,
  { keyLifetimeSeconds, askAgainAfterSeconds }: { keyLifetimeSeconds: number; askAgainAfterSeconds: number },
): void {
  const suggestion = suggestionFor(email);
  show('requested', () => {
    tell('requested', 'requested', { address: address('address', email), lifetime: lifetime(keyLifetimeSeconds) });
    tell('still-nothing', 'still-nothing', { wait: wait(askAgainAfterSeconds) });
    part('suggestion').hidden = suggestion === undefined;
    tell('suggestion', 'did-you-mean', { address: address('suggested', suggestion ?? '') });
  });
  part('ask').addEventListener('click', () => showRequest(client, { email: suggestion ?? email }));
}
