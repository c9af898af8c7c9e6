import type { LatchkeyClient } from '../../../schema/sdk/client.js';
import { Attempt, resultOf, type Setback, setback, unforeseen } from './attempt.js';
import { markFaulty, onSubmit, part, show } from './views.js';
import { inWords } from './wording.js';

/** The form that asks for a mail with a link. */
export function showRequest(client: LatchkeyClient, { reloaded = false, email = '' } = {}): void {
  const left = show('request', () => {
    part('reloaded').hidden = !reloaded;
    part('email', HTMLInputElement).value = email;
  });
  const field = part('email', HTMLInputElement);
  const attempt = new Attempt(left, 'Sending…');
  field.addEventListener('input', () => markFaulty(field, []));
  onSubmit(() => attempt.make(() => requestLink(client, field, left)));
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
  show('requested', () => {
    part('address').textContent = email;
    part('key-lifetime').textContent = inWords(keyLifetimeSeconds);
    part('ask-again-after').textContent = inWords(askAgainAfterSeconds);
  });
  part('ask').addEventListener('click', () => showRequest(client, { email }));
}
