import { createHmac } from 'node:crypto';
import { keyOfSecret } from '../settings/events/receivers.js';
import { bodyOf, type CredentialEvent } from './event.js';

/** What is sent. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * An event as Standard Webhooks 1.0.0 says: `webhook-id` is the event's, `webhook-timestamp` (seconds) that of this
 * attempt, and `webhook-signature` holds one signature for each secret.
 *
 * @param now milliseconds since 1970, by this machine's clock: receivers refuse what is older than five minutes.
 */
export function webhookOf(event: CredentialEvent, secrets: readonly string[], now: number): Message {
  const body = bodyOf(event);
  const timestamp = Math.floor(now / 1000);
  const signatures = secrets.map((secret) => {
    const mac = createHmac('sha256', keyOfSecret(secret)).update(`${event.id}.${timestamp}.${body}`);
    return `v1,${mac.digest('base64')}`;
  });
  const headers = {
    'content-type': 'application/json',
    'webhook-id': event.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
  return { headers, body };
}
