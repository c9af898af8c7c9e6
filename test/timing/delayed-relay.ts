import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type Stage, startRawRelay } from '../support/raw-relay.js';

/** How the relay treats mails to one domain. Milliseconds, in addition to the time of every dialogue. */
export interface Manner {
  readonly atRecipient?: number;
  readonly atEnd?: number;
  /** Whether the first try at each address is refused for now (451). */
  readonly greylists?: boolean;
}

/** A relay that answers as late as over a long network path. */
export interface DelayedRelay {
  readonly url: string;
  /** Resolves with the arrival of the first mail to this address, past or future: `performance.now()`, milliseconds. */
  arrival(address: string): Promise<number>;
  stop(): Promise<void>;
}

/**
 * @param dialogue how long a dialogue takes, in milliseconds: a quarter for each of its four replies. The first two
 * replies on a new connection take another quarter each.
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
