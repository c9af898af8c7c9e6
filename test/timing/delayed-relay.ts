import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type Stage, startRawRelay } from '../support/raw-relay.js';

/** How mails to one domain are met. Milliseconds, beside what every dialogue takes. */
export interface Manner {
  readonly atRecipient?: number;
  readonly atEnd?: number;
  /** The first try at each address is told to come again. */
  readonly greylists?: boolean;
}

/** A relay at some distance. */
export interface DelayedRelay {
  readonly url: string;
  /** When the first mail to this address was there, also when that is past: milliseconds, `performance.now()`. */
  arrival(address: string): Promise<number>;
  stop(): Promise<void>;
}

/**
 * A dialogue takes as long as is said, a quarter of it for each of its four replies, and so does each of the two that a
 * new connection begins with.
 *
 * @param dialogue milliseconds.
 */
export async function startDelayedRelay(dialogue: number, mannerOf: (domain: string) => Manner): Promise<DelayedRelay> {
  const arrivals = new Map<string, PromiseWithResolvers<number>>();
  const greylisted = new Set<string>();
  const arrivalOf = (address: string) => {
    const known = arrivals.get(address) ?? Promise.withResolvers<number>();
    arrivals.set(address, known);
    return known;
  };
  const reply = async (stage: Stage, to: string): Promise<Fault | undefined> => {
    const { atRecipient = 0, atEnd = 0, greylists } = mannerOf(to.slice(to.lastIndexOf('@') + 1));
    if (stage === 'dot') arrivalOf(to).resolve(performance.now());
    const isNew = stage === 'RCPT' && greylists === true && !greylisted.has(to);
    if (isNew) greylisted.add(to);
    await sleep(dialogue / 4 + (stage === 'RCPT' ? atRecipient : stage === 'dot' ? atEnd : 0));
    return isNew ? '451 4.7.1 greylisted, come again' : undefined;
  };
  const relay = await startRawRelay((stage, _count, _said, to) => reply(stage, to));
  return { url: relay.url, stop: relay.stop, arrival: (address) => arrivalOf(address).promise };
}
