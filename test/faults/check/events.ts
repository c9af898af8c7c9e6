import { createHmac } from 'node:crypto';
import type { Arrival, EventReceiver } from '../receivers.js';
import type { Recording } from '../recording.js';
import type { Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

/** Milliseconds after the answer in which the worker may write it down: statement timeouts and one retry. */
const latestSettling = 20_000;
/** Seconds that the time of an attempt may be off; receivers refuse more (Standard Webhooks). */
const latestAttempt = 300;
/** What is told of each entry of the audit trail. */
const toldOf: Readonly<Record<string, string>> = {
  'reset.completed': 'password.reset',
  'account.password-changed': 'password.changed',
  'account.signed-out-everywhere': 'sessions.ended',
  'account.sessions-ended-by-wrong-passwords': 'sessions.ended',
};
const changes: Readonly<Record<string, string>> = {
  'password.reset': 'password',
  'password.changed': 'password',
  'sessions.ended': 'sessions',
};
const headers = /^(?:host|connection|content-type|content-length|user-agent|webhook-(?:id|timestamp|signature))$/;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** An event as a receiver reads it, without our code. */
interface Told extends Arrival {
  readonly id: string;
  readonly type: string;
  readonly accountId: string;
  readonly sequence: number;
}

/** E1 to E5: compares the commits with what the receivers got. */
export function checkEvents(
  recording: Recording,
  snapshot: Snapshot,
  receivers: readonly Pick<EventReceiver, 'name' | 'secrets' | 'url'>[],
): Violation[] {
  const violations: Violation[] = [];
  const told: Told[] = [];
  for (const arrival of recording.told) {
    const receiver = receivers.find(({ name }) => name === arrival.receiver);
    const read = receiver && readEvent(arrival, receiver, recording);
    if (typeof read === 'object') told.push(read);
    else violations.push({ check: 'E5', at: arrival.received, text: `${arrival.receiver} got ${read}` });
  }
  const byAccount = Map.groupBy(told, ({ accountId }) => accountId);
  for (const { id, email } of snapshot.accounts) {
    const all = byAccount.get(id) ?? [];
    const committed = snapshot.audits.flatMap(({ kind, accountId }) => {
      const type = toldOf[kind];
      return accountId === id && type ? [type] : [];
    });
    const found = [
      ...sameAtEach(all),
      ...receivers.flatMap(({ name }) => {
        const own = all.filter(({ receiver }) => receiver === name);
        return [...everyCommit(own, committed), ...inOrder(own), ...repeatedOnlyWhereAllowed(own, recording)];
      }),
    ];
    violations.push(...found.map((violation) => ({ ...violation, text: `${email}: ${violation.text}` })));
  }
  if (snapshot.holding > 0) {
    const text = `${snapshot.holding} events that every receiver has still hold later ones`;
    violations.push({ check: 'E2', at: Date.now(), text });
  }
  return violations;
}

/** E1: each commit is taken by the receiver, and nothing else; the numbers are those of the commits. */
function everyCommit(own: readonly Told[], committed: readonly string[]): Violation[] {
  const bySequence = new Map(own.filter(isTaken).map(({ sequence, type }) => [sequence, type]));
  const taken = [...bySequence].sort(([one], [other]) => one - other);
  const expected = committed.map((type, index) => [index + 1, type]);
  if (JSON.stringify(taken) === JSON.stringify(expected)) return [];
  const lost = expected.find(([sequence, type]) => bySequence.get(Number(sequence)) !== type)?.join(' ');
  const what = lost ? `${lost} did not come` : 'more came than was committed';
  const text = `${committed.length} changes, ${taken.length} events taken by ${own[0]?.receiver ?? 'nobody'}: ${what}`;
  return [{ check: 'E1', at: Date.now(), text }];
}

/** E2: an event is sent only once the one before it was taken. */
function inOrder(own: readonly Told[]): Violation[] {
  return own.flatMap(({ receiver, received, sequence }) => {
    const isNext = own.some((each) => each.sequence === sequence - 1 && isTaken(each) && each.answered <= received);
    if (sequence === 1 || isNext) return [];
    const text = `${receiver} was sent event ${sequence} before it had taken the one before it`;
    return [{ check: 'E2', at: received, text }];
  });
}

/** E3: every attempt at every receiver has the same id and the same bytes, and no other event has that id. */
function sameAtEach(all: readonly Told[]): Violation[] {
  const forms = new Set(all.map(({ id, sequence, body }) => JSON.stringify([id, sequence, body]))).size;
  const counts = [new Set(all.map(({ id }) => id)).size, new Set(all.map(({ sequence }) => sequence)).size];
  if (counts.every((count) => count === forms)) return [];
  const text = `${counts[0]} ids of ${counts[1]} events in ${forms} forms`;
  return [{ check: 'E3', at: all.at(-1)?.received ?? Date.now(), text }];
}

/** E4: an event that was taken comes again only where a worker, its database or the line to the receiver failed. */
function repeatedOnlyWhereAllowed(own: readonly Told[], { faults }: Recording): Violation[] {
  return own.flatMap((event, index) => {
    const first = own.slice(0, index).find((each) => each.sequence === event.sequence && isTaken(each));
    if (!first) return [];
    const { receiver, received, answered } = first;
    const isExcused = faults.some(
      ({ affects, start, end }) =>
        affects.some((part) => part === receiver || /^(?:worker-\d(?: postgres)?|postgres)$/.test(part)) &&
        start <= answered + latestSettling &&
        end >= received - 1_000,
    );
    if (isExcused) return [];
    const text = `event ${event.sequence} came to ${receiver} again although nothing had failed after its answer`;
    return [{ check: 'E4', at: event.received, text }];
  });
}

/**
 * E5: it is signed by each of the receiver's secrets, posted to the URL and nowhere else, and has the fields that are
 * promised with values of their form, so that nothing else is in it.
 *
 * @returns what is wrong, in words.
 */
function readEvent(
  arrival: Arrival,
  { secrets, url }: Pick<EventReceiver, 'secrets' | 'url'>,
  { accounts }: Recording,
): Told | string {
  const { method, path, body, received } = arrival;
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given } = arrival.headers;
  const { pathname, search } = new URL(url);
  if (method !== 'POST' || path !== `${pathname}${search}`) return `${method} ${path}`;
  const other = Object.keys(arrival.headers).find((name) => !headers.test(name));
  if (other) return `the header ${other}`;
  const signatures = secrets.map((secret) => `v1,${macOf(secret, `${id}.${at}.${body}`)}`).join(' ');
  if (given !== signatures) return `an event whose signatures are not those of its secrets: ${body}`;
  if (!(Math.abs(received / 1_000 - Number(at)) < latestAttempt)) return `an event whose attempt is of ${at}`;
  const { type, timestamp, data, ...more } = JSON.parse(body);
  const { accountId, change, at: changedAt, sequence, ...others } = data;
  const isFormed =
    typeof id === 'string' &&
    uuid.test(id) &&
    changes[type] === change &&
    timestamp === changedAt &&
    time.test(changedAt) &&
    accounts.has(accountId) &&
    Number.isSafeInteger(sequence) &&
    sequence > 0 &&
    Object.keys({ ...more, ...others }).length === 0;
  return isFormed ? { ...arrival, id, type, accountId, sequence } : `an event of another form: ${body}`;
}

/** As Standard Webhooks says. */
function macOf(secret: string, signed: string): string {
  const marked = /^whsec_(.+)$/.exec(secret)?.[1];
  const key = marked ? Buffer.from(marked, 'base64') : Buffer.from(secret);
  return createHmac('sha256', key).update(signed).digest('base64');
}

function isTaken({ status }: Arrival): boolean {
  return status !== undefined && status >= 200 && status < 300;
}
