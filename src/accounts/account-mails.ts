import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { Content } from '../mail/mail.js';
import type { MailPlace } from '../mail/mail-places.js';
import type { MailTemplates, MailValues } from '../mail/mail-template.js';
import type { Mailer } from '../mail/mailer.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';

/** A job as a mail needs it. */
export type MailJob = Pick<Job<unknown>, 'id' | 'attempt' | 'begun' | 'wasTried' | 'signal'> & {
  /** What it holds of the slots, where it must hold something. */
  readonly place?: MailPlace;
};

/** Whether the place of a job was used for a dialogue. */
export interface PlaceUse {
  isUsed: boolean;
}

/** What a job waits for whose mail no relay took. */
export const forRelay = 'relay';

/** How a job goes on whose mail did not leave. Once a recipient was asked, its next attempts are retries of that. */
export function settlementOf({ fault, reason, relayDown, stage, isSuspect }: SmtpFailure): Settlement {
  if (fault === 'recipient') return { settle: 'dead', reason };
  const tried = isSuspect || stage === 'RCPT' || stage === 'DATA' || stage === 'body' || stage === 'end';
  return { settle: 'retry', reason, ...(relayDown ? { waitsFor: forRelay } : {}), ...(tried ? { tried } : {}) };
}

/** How a job goes on that finds no place: see `AccountMails.takePlace`. */
export const noPlace: Settlement = { settle: 'later', reason: 'share-taken' };

/** How a feature sends its mails: filled, in a place of its queue's slots, to one recipient. */
export class AccountMails {
  constructor(
    private readonly productName: string,
    private readonly templates: MailTemplates,
    private readonly mailer: Mailer,
  ) {}

  /** A language that there are mails in, or null. */
  knownLocale(tag: string | null | undefined): string | null {
    return this.templates.knownLocale(tag);
  }

  /** @param name of the template. @returns undefined once a relay took the mail, else how the last relay failed. */
  send(
    name: string,
    to: string,
    language: string | null,
    job: MailJob,
    values: MailValues,
  ): Promise<SmtpFailure | undefined> {
    return this.mailer.send({ to, ...placeOf(job), ...this.fill(name, language, job, values) }, job.signal);
  }

  /** What a mail says. @param language as `knownLocale` gives it; null is English. */
  fill(name: string, language: string | null, { id }: Pick<MailJob, 'id'>, values: MailValues): Content {
    const { productName } = this;
    return { messageId: `${id}.${name}`, ...this.templates.fill(name, language, { ...values, productName }) };
  }

  /**
   * A place among the slots of this queue, taken before anything is done for this address, account or not, and released
   * after everything.
   *
   * @returns undefined while the address's domain, or retries, hold what they may.
   */
  takePlace(queue: { readonly name: string }, to: string, { wasTried }: MailJob): MailPlace | undefined {
    return this.mailer.takePlace(queue.name, to, wasTried);
  }

  /**
   * Works on a job whose mail goes to an address that a stranger may have chosen. The worker is no oracle: a job that
   * ends without a dialogue, for whatever reason, holds its place as long as a mail would, or the next mail in the queue,
   * early or late, would tell who has an account.
   *
   * @param like what the commonest mail of this queue says to nobody in particular: written down and thrown away.
   * @param work sets `use.isUsed` once a relay is asked, whatever comes of it.
   */
  async inPlace<Data>(
    queue: { readonly name: string },
    job: Job<Data & { readonly email: string }>,
    like: (job: Pick<MailJob, 'id'>) => Content,
    work: (job: Job<Data & { readonly email: string }> & MailJob, use: PlaceUse) => Promise<Settlement>,
  ): Promise<Settlement> {
    // From a row that somebody may have broken.
    const to = String(job.data.email);
    const place = this.takePlace(queue, to, job);
    if (!place) return noPlace;
    const placed = { ...job, place };
    const { signal, ...held } = placed;
    const use = { isUsed: false };
    // As long as nine of ten mails, not longer or shorter by what happened in it; the job is settled meanwhile.
    const free = () => place.kept(signal).finally(place.release);
    try {
      const settlement = await work(placed, use).finally(() =>
        use.isUsed ? undefined : this.mailer.hold({ to, ...placeOf(held), like: like(job) }, signal),
      );
      return { ...settlement, slotIsFree: free() };
    } catch (error) {
      await free();
      throw error;
    }
  }
}

function placeOf({ attempt, begun, wasTried, place }: Omit<MailJob, 'signal'>) {
  return { attempt, begun, isRetry: wasTried, ...(place ? { place } : {}) };
}
