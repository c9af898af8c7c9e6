import type { Clock, DialogueTimes } from './dialogue-times.js';
import type { Content, MailSettings, Place } from './mail.js';
import { anyPlace } from './mail-places.js';
import { domainOf } from './recipient-domain.js';
import type { Relay } from './relay/relay.js';
import { wrapMail } from './wrap-mail.js';

export interface Holding {
  readonly relays: readonly Relay[];
  readonly times: DialogueTimes;
  readonly clock: Clock;
  readonly from: MailSettings['from'];
  /** Milliseconds that a mail may take in all. */
  readonly whole: number;
  readonly waitForRelay: (find: () => Relay | undefined) => Promise<Relay | undefined>;
}

/** A place whose job sends nothing. @see Mailer.hold */
export interface HeldPlace extends Place {
  readonly like?: Content;
}

/** Milliseconds that a place is held at the least before the first dialogue ever. */
const unknownLength = 100;
/**
 * Questions to Redis that cost this process what a mail costs it beside the writing (0.1 ms of the processor for a question, by
 * a profile of the worker), when it costs it: its budget and its record before, four commands over a connection with their
 * replies, and the budget again at the end. What else comes after a mail is done a moment later.
 */
const questions = { before: 4, duringEachOfFour: 3, after: 1 } as const;

/** Milliseconds for all questions of one kind; less than a command may take (`redisOptions.commandTimeout`). */
const redisPatience = 500;

/** Takes up place, line and processor as a mail would, for as long as one would. */
export async function holdPlace(holding: Holding, held: HeldPlace, leaseEnded?: AbortSignal): Promise<void> {
  const { clock, relays, times, whole } = holding;
  const { to, begun = clock.now(), place = anyPlace, like } = held;
  const domain = domainOf(to);
  // To ourselves: the address of a job may be broken.
  if (like) await wrapMail({ ...like, to: holding.from.address }, holding.from, place);
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
      if (!drawn) await askAround();
      const length = Math.min(drawn?.length ?? unknownLength, whole - waited);
      if (drawn) place.keepUntil(begun + waited + drawn.usual);
      place.stage('RCPT');
      if (!drawn?.isSlow) place.stage('idle');
      await sleepInParts(
        holding,
        begun + waited + length,
        signal,
        () => void askRedis(holding, domain, questions.duringEachOfFour),
      );
    });
    if (isHeld) break;
  }
  void askRedis(holding, domain, questions.after);
}

/** @param until by the clock. @param part done when each part begins. */
async function sleepInParts({ clock }: Holding, until: number, signal: AbortSignal, part: () => void): Promise<void> {
  for (let left = 4; left > 0 && !signal.aborted; left--) {
    part();
    await clock.sleep(Math.max(0, until - clock.now()) / left, signal);
  }
}

/** A Redis that does not answer is asked once: a place is held no longer for it. */
async function askRedis({ clock, times }: Holding, domain: string, count: number): Promise<void> {
  const until = clock.now() + redisPatience;
  for (let asked = 0; asked < count && clock.now() < until; asked++) await times.draw(domain);
}
