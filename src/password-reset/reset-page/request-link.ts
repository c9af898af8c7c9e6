import type { LatchkeyClient } from '../../../schema/sdk/client.js';
import { suggestionFor } from './address-feedback.js';
import { Attempt, resultOf, type Setback, setback, unforeseen } from './attempt.js';
import { afterPause, markFaulty, onSubmit, part, show } from './views.js';
import { inWords, noAddress } from './wording.js';

/** The form that asks for a mail with a link. */
export function showRequest(client: LatchkeyClient, { reloaded = false, email = addressFromApp() } = {}): void {
  const left = show('request', () => {
    part('reloaded').hidden = !reloaded;
    part('email', HTMLInputElement).value = email;
  });
  const field = part('email', HTMLInputElement);
  const attempt = new Attempt(left, 'Sending…');
  field.addEventListener('input', () => markFaulty(field, []));
  offerSuggestion(field, left);
  onSubmit(() => {
    if (field.value.trim() === '') markFaulty(field, [noAddress]);
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
    part('suggested').textContent = suggestion ?? '';
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
  client: LatchkeyClient,
  field: HTMLInputElement,
  left: AbortSignal,
): Promise<Setback | undefined> {
  const email = field.value;
  markFaulty(field, []);
  const result = await resultOf(client.requestPasswordReset({ email, locale: navigator.language }));
  if (left.aborted) return undefined;
  switch (result.__typename) {
    case 'PasswordResetRequested':
      showRequested(client, email, result);
      return undefined;
    case 'InvalidEmailAddress':
      markFaulty(field, [result.message]);
      return undefined;
    case 'TooManyRequests':
    case 'TemporarilyUnavailable':
    case 'NoResult':
      return setback(result);
    default:
      return unforeseen(result);
  }
}

/** The same view for every address, so it says that a mail comes only if there is an account. */
function showRequested(
  client: LatchkeyClient,
  email: string,
  { keyLifetimeSeconds, askAgainAfterSeconds }: { keyLifetimeSeconds: number; askAgainAfterSeconds: number },
): void {
  const suggestion = suggestionFor(email);
  show('requested', () => {
    part('address').textContent = email;
    part('key-lifetime').textContent = inWords(keyLifetimeSeconds);
    part('ask-again-after').textContent = inWords(askAgainAfterSeconds);
    part('suggestion').hidden = suggestion === undefined;
    part('suggested').textContent = suggestion ?? '';
  });
  part('ask').addEventListener('click', () => showRequest(client, { email: suggestion ?? email }));
}
