import type { Job, Settlement } from '../jobs/job-attempt.js';
import { duration, moment, momentWithDay } from '../languages/times.js';
import type { Content } from '../mail/mail.js';
import type { MailPlace } from '../mail/mail-places.js';
import type { MailTemplates, MailValues } from '../mail/mail-template.js';
import type { Mailer } from '../mail/mailer.js';
import type { SmtpFailure } from '../mail/smtp/failure.js';

/** The members of a job that sending its mail needs. */
export type MailJob = Pick<Job<unknown>, 'id' | 'attempt' | 'begun' | 'wasTried' | 'signal'> & {
  /** The place that the job holds among its queue's slots, if it needs one. */
  readonly place?: MailPlace;
};

/** Whether a relay was asked to take a mail of this job. */
export interface PlaceUse {
  isUsed: boolean;
}

/** The value of `waitsFor` for a job whose mail no relay took. */
export const forRelay = 'relay';

/** The settlement of a job whose mail was not taken. After a dialogue that named the recipient, it is `tried`. */
export function settlementOf({ fault, reason, relayDown, stage, isSuspect }: SmtpFailure): Settlement {
  if (fault === 'recipient') return { settle: 'dead', reason };
  const tried = isSuspect || stage === 'RCPT' || stage === 'DATA' || stage === 'body' || stage === 'end';
  return { settle: 'retry', reason, ...(relayDown ? { waitsFor: forRelay } : {}), ...(tried ? { tried } : {}) };
}

/** The settlement of a job that got no place: see `AccountMails.takePlace`. */
export const noPlace: Settlement = { settle: 'later', reason: 'share-taken' };

/** Fills the templates of mails and sends each to one recipient, in a place among its queue's slots. */
export class AccountMails {
  constructor(
    private readonly productName: string,
    private readonly templates: MailTemplates,
    private readonly mailer: Pick<Mailer, 'send' | 'takePlace' | 'hold'>,
  ) {}

  /** The language of a tag (BCP 47) if there are mails in it, else null. */
  knownLocale(tag: string | null | undefined): string | null {
    return this.templates.knownLocale(tag);
  }

  /** A lifetime in words for the texts of mails: "for 1 hour". @param language as `fill` takes it. */
  lifetime(seconds: number, language: string | null): string {
    const { catalogues } = this.templates;
    const chosen = language ?? catalogues.defaultLanguage;
    return duration(catalogues.of(chosen).time.for, seconds, chosen);
  }

  /**
   * The page's address for readers of a mail, in the mail's language. Where nobody named one, the mail is in the default
   * language, and the page asks the reader's browser.
   */
  pageIn(url: string, language: string | null): string {
    if (language === null) return url;
    const page = new URL(url);
    page.searchParams.set('lang', language);
    return page.href;
  }

  /** Date and time in words: see `moment`. @param language as `fill` takes it. */
  moment(time: Date, language: string | null): string {
    return moment(time, language ?? this.templates.catalogues.defaultLanguage);
  }

  /** Day of the week, date and time in words: see `momentWithDay`. @param language as `fill` takes it. */
  momentWithDay(time: Date, language: string | null): string {
    return momentWithDay(time, language ?? this.templates.catalogues.defaultLanguage);
  }

  /**
   * @param name of the template.
   * @returns undefined once a relay took the mail, else how the last relay failed.
   * @throws Error when a value or a sentence of the template is missing.
   */
  send(
    name: string,
    to: string,
    language: string | null,
    job: MailJob,
    values: MailValues,
  ): Promise<SmtpFailure | undefined> {
    return this.mailer.send({ to, ...placeOf(job), ...this.fill(name, language, job, values) }, job.signal);
  }

  /**
   * The content of a mail.
   *
   * @param language as `knownLocale` gives it; null is the default one.
   * @throws Error when a value or a sentence of the template is missing.
   */
  fill(name: string, language: string | null, { id }: Pick<MailJob, 'id'>, values: MailValues): Content {
    const { productName } = this;
    return { messageId: `${id}.${name}`, ...this.templates.fill(name, language, { ...values, productName }) };
  }

  /**
   * A place among the slots of this queue. To be taken before anything is done for this address, whether it has an
   * account or not, and to be released after everything else.
   *
   * @returns undefined while the address's domain, or retries, hold their full share.
   */
  takePlace(queue: { readonly name: string }, to: string, { wasTried }: MailJob): MailPlace | undefined {
    return this.mailer.takePlace(queue.name, to, wasTried);
  }

  /**
   * Works on a job whose mail goes to an address that a stranger may have chosen. A job that ends without a dialogue
   * holds its place as long as a mail would; otherwise the time at which the next mail leaves would tell who has an
   * account.
   *
   * @param like a mail like the most common one of this queue: composed and not sent, for its cost in processor time.
   * @param work sets `use.isUsed` before it asks a relay, whatever comes of it.
   * @returns how `work` settles the job, or `noPlace`.
   * @throws what `work` throws.
   */
  async inPlace<Data>(
    queue: { readonly name: string },
    job: Job<Data & { readonly email: string }>,
    like: (job: Pick<MailJob, 'id'>) => Content,
    work: (job: Job<Data & { readonly email: string }> & MailJob, use: PlaceUse) => Promise<Settlement>,
  ): Promise<Settlement> {
    // A damaged row may hold anything here.
    const to = String(job.data.email);
    const place = this.takePlace(queue, to, job);
    if (!place) return noPlace;
    const placed = { ...job, place };
    const { signal, ...held } = placed;
    const use = { isUsed: false };
    // Keeps the place as long as nine of ten mails take, whatever happened in it; the job is settled in the meantime.
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
