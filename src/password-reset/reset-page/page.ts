import { createRecoveryClient } from '../../../schema/sdk/recovery-client.js';
import { Attempt, resultOf, type Setback, setback, unexpected } from './attempt.js';
import { namesKey, takeKeyFromAddress } from './key-from-address.js';
import { showInvalidSignUp, showNewAccount } from './new-account.js';
import { showInvalidKey, showNewPassword } from './new-password.js';
import { showRequest } from './request-link.js';
import { onSubmit, part, show } from './views.js';
import { say, speak } from './wording.js';

/** The service's base URL. Taken from this script's URL, because a mail program may have rewritten the page's own. */
const root = new URL('../', import.meta.url).href;
const client = createRecoveryClient({ url: root });

const { lang, dir } = document.documentElement;
speak(JSON.parse(part('texts', HTMLTemplateElement).content.textContent ?? ''), lang, dir);

/** With a key in the address, shows the form for a password; without one, the form that asks for a mail. */
function start(): void {
  const found = takeKeyFromAddress(`${root}reset-password`);
  switch (found.kind) {
    case 'key':
      if (found.of === 'sign-up') showNewAccount(client, found.key);
      else openLink(found.key);
      break;
    case 'broken':
      if (found.of === 'sign-up') showInvalidSignUp(client, 'UNKNOWN', '');
      else showInvalidKey(client, { reason: 'UNKNOWN', message: '' });
      break;
    case 'none':
      showRequest(client, found);
  }
}

async function openLink(key: string): Promise<void> {
  const left = show('checking');
  const fault = await lookUp(key, left).catch(unexpected);
  if (!fault) return;
  const waiting = show('unchecked');
  const attempt = new Attempt(waiting, say('checking'));
  attempt.tell(fault);
  onSubmit(() => attempt.make(() => lookUp(key, waiting)));
}

/** Asks whether the key works, without using it up, and shows the next view. @returns why that failed, if it did. */
async function lookUp(key: string, left: AbortSignal): Promise<Setback | undefined> {
  const [result, policy] = await Promise.all([
    resultOf(client.passwordResetKey(key)),
    client.passwordPolicy().catch(() => undefined),
  ]);
  if (left.aborted) return undefined;
  switch (result.__typename) {
    case 'ResetKeyValid':
      showNewPassword(client, { ...result, key, policy });
      return undefined;
    case 'InvalidResetKey':
      showInvalidKey(client, result);
      return undefined;
    default:
      return setback(result);
  }
}

// A link that is pasted into the address bar of this open page changes the fragment only; the browser loads nothing.
window.addEventListener('hashchange', () => {
  if (namesKey(window.location.hash)) start();
});
start();
