import type { KeyObject } from 'node:crypto';
import { CredentialEvents, forReceiver } from '../accounts/credential-events.js';
import type { CredentialEvent } from '../events/event.js';
import { EventOrder } from '../events/event-order.js';
import { Receiver } from '../events/receiver.js';
import { securityEventOf } from '../events/security-event.js';
import { type Message, webhookOf } from '../events/webhook.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { type BreakerState, type BreakerTiming, RelayBreaker } from '../mail/relay/breaker.js';
import type { Log } from '../observability/log.js';
import { kidOf } from '../secrets/key-id.js';
import type { ReceiverSettings } from '../settings/events/receivers.js';
import type { Settings } from '../settings/settings.js';
import type { Make, Parts } from './parts.js';
import { receiverSlots } from './queues.js';

/** Three failures in a row; a receiver that is back is noticed within a minute. */
const breakerTiming: BreakerTiming = { failures: 3, firstPause: 1_000, longestPause: 60_000 };

export interface ReceiverTiming {
  readonly breaker?: BreakerTiming;
  /** Milliseconds of one attempt. */
  readonly timeoutMs?: number;
}

/** Makes the parts that tell other services. */
export function createEvents(
  make: Make,
  settings: Settings,
  { log, orm, jobs, worksOnJobs }: Pick<Parts, 'log' | 'orm' | 'jobs'> & { readonly worksOnJobs: boolean },
): Pick<Parts, 'receivers' | 'eventOrder' | 'credentialEvents'> {
  const receivers = make('receivers', () =>
    createReceivers(settings, log, worksOnJobs ? wakesEvents(jobs) : undefined),
  );
  const eventOrder = make('eventOrder', () => new EventOrder(orm));
  const shapeName = settings.accounts.shape?.name ?? '';
  const parts = { jobs, order: eventOrder, receivers, shapeName };
  return { receivers, eventOrder, credentialEvents: make('credentialEvents', () => new CredentialEvents(parts)) };
}

/** Tries what waits for a receiver when it may be asked again: an event waits longer after each attempt. */
export function wakesEvents(jobs: Pick<JobQueue, 'wake'>): (id: string, state: BreakerState) => void {
  return (id, state) => {
    if (state !== 'open') void jobs.wake(forReceiver(id), state === 'half-open' ? 5 : undefined);
  };
}

/** Makes what the settings name in `EVENTS_URL`; opens no connection before the first event. */
export function createReceivers(
  { events, accounts }: Pick<Settings, 'events' | 'accounts'>,
  log: Log,
  changed: (id: string, state: BreakerState) => void = () => undefined,
  { breaker = breakerTiming, ...timing }: ReceiverTiming = {},
): Receiver[] {
  const { issuer, signingKeys } = accounts.accessToken;
  const messageOf = events.format === 'caep' ? securityEvents(signingKeys[0], issuer) : webhooks;
  return events.receivers.map((settings) => {
    const { id, name } = settings;
    const gate = new RelayBreaker(breaker, (state, ms) => {
      if (state === 'open') log.warn({ receiver: name, ms }, 'a receiver of events fails; it is left alone for now');
      if (state === 'closed') log.info({ receiver: name }, 'a receiver of events works again');
      changed(id, state);
    });
    return new Receiver(settings, { connections: receiverSlots, gate, messageOf: messageOf(settings), ...timing });
  });
}

type MessagesTo = (receiver: ReceiverSettings) => (event: CredentialEvent, now: number) => Message | Promise<Message>;

const webhooks: MessagesTo =
  ({ secrets }) =>
  (event, now) =>
    webhookOf(event, secrets, now);

/** @param key undefined in a process that sends nothing. */
function securityEvents(key: KeyObject | undefined, issuer: string): MessagesTo {
  const kid = key && kidOf(key);
  return ({ url }) =>
    async (event, now) => {
      if (!key || !kid) throw new Error('this process has no ACCESS_TOKEN_SIGNING_KEY');
      return securityEventOf(event, { key, kid: await kid, issuer, url }, now);
    };
}
