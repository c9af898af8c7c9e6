import { type Clock, type DialogueTimes, usualAtFirst } from './dialogue-times.js';
import type { Content, MailSettings, Place } from './mail.js';
import { anyPlace } from './mail-places.js';
import { domainOf } from './recipient-domain.js';
import type { Relay } from './relay/relay.js';
import { wrapMail } from './wrap-mail.js';

export interface Holding {
  readonly relays: readonly Relay[];
  readonly times: DialogueTimes;
  readonly clock: Clock;
  readonly sender: Pick<MailSettings, 'from' | 'replyTo'>;
  /** Milliseconds that a mail may take in all. */
  readonly whole: number;
  readonly waitForRelay: (find: () => Relay | undefined) => Promise<Relay | undefined>;
}

/** A place to hold for a job that sends nothing. @see Mailer.hold */
export interface HeldPlace extends Place {
  readonly like?: Content;
}

/**
 * Reads of Redis that use as much processor time as a mail does besides its composition (0.1 ms each, by a profile of
 * the worker), and at the same times: before it (budget and record), during its four commands and replies, and at its
 * end (budget). Other work after a mail is done a moment later.
 */
const questions = { before: 4, duringEachOfFour: 3, after: 1 } as const;

/** Milliseconds for all reads of one kind; less than the timeout of a command (`redisOptions.commandTimeout`). */
const redisPatience = 500;

/** Holds the place, and uses a line and the processor, as long as a mail would. Best effort. */
export async function holdPlace(holding: Holding, held: HeldPlace, leaseEnded?: AbortSignal): Promise<void> {
  const { clock, relays, times, whole } = holding;
  const { to, begun = clock.now(), place = anyPlace, like } = held;
  const domain = domainOf(to);
  // Addressed to ourselves, because the address of a damaged job may be no address.
  if (like) await wrapMail({ ...like, to: holding.sender.from.address }, holding.sender, place);
  await askRedis(holding, domain, questions.before);
  const from = clock.now();
  const signal = AbortSignal.any([place.signal, AbortSignal.timeout(whole), ...(leaseEnded ? [leaseEnded] : [])]);
  const tried = new Set<Relay>();
  const find = () => relays.find((relay) => !tried.has(relay) && relay.admits(to));
  let relay = find() ?? (await holding.waitForRelay(find));
  for (; relay; relay = find()) {
    tried.add(relay);
    const isHeld = await relay.hold(to, signal, async (askAround) => {
      const waited = clock.now() - from;
      const drawn = await times.draw(domain);
      place.keepUntil(begun + waited + (drawn?.usual ?? usualAtFirst));
      place.stage('RCPT');
      if (!drawn?.isSlow) place.stage('idle');
      const part = () => void askRedis(holding, domain, questions.duringEachOfFour);
      if (!drawn) return askAround(part);
      await sleepInParts(holding, begun + waited + Math.min(drawn.length, whole - waited), signal, part);
    });
    if (isHeld) break;
  }
  void askRedis(holding, domain, questions.after);
}

/** Sleeps in four parts. @param until the clock's milliseconds. @param part called when each part begins. */
async function sleepInParts({ clock }: Holding, until: number, signal: AbortSignal, part: () => void): Promise<void> {
  for (let left = 4; left > 0 && !signal.aborted; left--) {
    part();
    await clock.sleep(Math.max(0, until - clock.now()) / left, signal);
  }
}

/** Reads Redis `count` times; stops when that takes too long, so that a slow Redis does not extend the hold. */
async function askRedis({ clock, times }: Holding, domain: string, count: number): Promise<void> {
  const until = clock.now() + redisPatience;
  for (let asked = 0; asked < count && clock.now() < until; asked++) await times.draw(domain);
}
