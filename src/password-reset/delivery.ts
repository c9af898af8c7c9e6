import { type MailJob, type PlaceUse, settlementOf } from '../accounts/account-mails.js';
import type { Credential } from '../accounts/accounts.js';
import { parseEmailAddress } from '../accounts/email-address.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { Grant, Granted } from './budget/reset-budget.js';
import type { PasswordResetDeps } from './deps.js';
import { digestOf, mintResetKey } from './keys/reset-key.js';
import { type ResetRequest, resetRequests } from './reset-requests.js';

type RequestJob = Job<ResetRequest> & MailJob;

/** How a request ends for good. Strangers can cause any number of the silent ends, which send no mail. */
type SilentEnd = 'expired' | 'no-recipient' | 'no-password' | 'superseded' | 'suppressed';
type End = SilentEnd | 'sent' | 'dead' | 'told-unknown';

/** What the worker does with one request. */
export class Delivery {
  constructor(private readonly deps: PasswordResetDeps) {}

  /** Works on one request. Every end holds the mail place as long as a sent mail would. @throws Unavailable */
  deliver(job: Job<ResetRequest>): Promise<Settlement> {
    const { accountMails, mails } = this.deps;
    const like = (same: Pick<MailJob, 'id'>) => mails.likeALink(same);
    return accountMails.inPlace(resetRequests, job, like, (placed, use) => this.#deliver(placed, use));
  }

  async #deliver(job: RequestJob, use: PlaceUse): Promise<Settlement> {
    const { accounts, devices, unknownAddresses } = this.deps;
    // Parsed again: a damaged row must not become part of a query, or an address that we send mail to.
    const email = parseEmailAddress(String(job.data.email));
    if (!email) return { settle: 'dead', reason: 'broken-data' };
    const each = await accounts.findEach(email);
    const open = each.filter(({ status }) => status === 'active');
    if (open.length > 1 && job.data.accountId === undefined) return this.#divide(job, open);
    const account = each.find(({ id }) => id === (job.data.accountId ?? each[0]?.id));
    if (!account && job.data.accountId !== undefined) return this.#finish(job, 'no-recipient');
    // Also without an account: whoever observes the load of the processor must see no difference.
    const isOwnDevice = devices.verify(job.data.device, account) !== undefined;
    if (account) {
      const end = this.#endWithoutMail(job, account);
      return end ? this.#finish(job, end, account) : this.#sendLink(job, account, isOwnDevice, use);
    }
    const notice = await unknownAddresses.tell(job);
    use.isUsed = notice.mailed;
    return 'outcome' in notice ? this.#finish(job, notice.outcome) : settlementOf(notice.failure);
  }

  #endWithoutMail(job: RequestJob, account: Credential): SilentEnd | undefined {
    if (account.status !== 'active') return 'no-recipient';
    const askedAt = askedAtOf(job);
    const age = account.readAt.getTime() - askedAt.getTime();
    if (age > this.deps.settings.requestDeadlineSeconds * 1000) return 'expired';
    if (!account.hasPasswordRow) return 'no-password';
    return account.credentialsChangedAt && account.credentialsChangedAt > askedAt ? 'superseded' : undefined;
  }

  /**
   * An app may hold one address several times, in several spellings: then each account gets a job, and so a mail, of its
   * own. None would be wrong: a stranger who signs up with another spelling would shut the owner out.
   */
  async #divide(job: RequestJob, open: readonly Credential[]): Promise<Settlement> {
    const { accounts, jobs, log, metrics } = this.deps;
    metrics.alarm('address-of-several-accounts');
    const said = 'ALARM: several accounts have one address; each gets a mail of its own';
    log.error({ jobId: job.id, reason: 'address-of-several-accounts', count: open.length }, said);
    await accounts.transaction(async (transaction) => {
      for (const { id: accountId } of open) {
        const data = { ...job.data, accountId, askedAt: job.createdAt.toISOString() };
        await jobs.enqueueWithin(transaction, resetRequests, data);
      }
    });
    return { settle: 'done', outcome: 'divided' };
  }

  /** Makes a key, stores its digest in Redis, and only then sends the mail. */
  async #sendLink(job: RequestJob, account: Credential, isOwnDevice: boolean, use: PlaceUse): Promise<Settlement> {
    const { accounts, budget, mails, resetKeys } = this.deps;
    const { id: accountId, credentialVersion, stamp, readAt } = account;
    const takePlace = () => budget.take(job.id, account, { network: job.data.network, isOwnDevice });
    const grant = await takePlace();
    if (!grant.granted) return this.#finish(job, 'suppressed', account);

    const key = mintResetKey();
    const endOf = (lifetimeSeconds: number) => new Date(readAt.getTime() + lifetimeSeconds * 1000);
    const remember = async ({ keyLifetimeSeconds }: Granted) => {
      const record = { accountId, credentialVersion, stamp, expiresAt: endOf(keyLifetimeSeconds) };
      await resetKeys.remember(digestOf(key), record, keyLifetimeSeconds);
    };
    await accounts.keepVersions(account);
    await remember(grant);
    use.isUsed = true;
    const failure = await mails.sendLink(account, key, {
      expiresAt: endOf(grant.keyLifetimeSeconds),
      lifetimeSeconds: grant.keyLifetimeSeconds,
      nextMailAt: grant.refillsAt,
      locale: job.data.locale,
      askedAt: askedAtOf(job),
      browser: job.data.browser,
      job,
    });
    if (!failure) {
      void this.#lastAsLong(grant, takePlace, remember);
      return this.#finish(job, 'sent', account);
    }
    if (failure.fault === 'recipient') await this.#note(job, 'dead', account);
    return settlementOf(failure);
  }

  async #finish(job: RequestJob, outcome: Exclude<End, 'dead'>, account?: Credential): Promise<Settlement> {
    await this.#note(job, outcome, account);
    return { settle: 'done', outcome };
  }

  async #note(job: RequestJob, outcome: End, account?: Credential): Promise<void> {
    const { audit, budget } = this.deps;
    // A superseded job took its place in the budget of an earlier credential version, which is no longer used.
    if (account && (outcome === 'expired' || outcome === 'no-recipient' || outcome === 'no-password'))
      await budget.giveBack(job.id, account);
    if (account && outcome === 'dead') await budget.refused(job.id, account);
    const { client, requestId: origin } = job.data;
    const note = { accountId: account?.id, client };
    // Not awaited: a crash before the job is settled would send the mail again. Silent ends are only counted.
    if (outcome === 'sent' || outcome === 'dead' || outcome === 'told-unknown') {
      audit.noteSoon({ kind: `reset.${outcome}`, ...note, origin, detail: { jobId: job.id } });
    } else audit.refused({ kind: `reset.${outcome}`, ...note });
  }

  /**
   * Another job may have sent the last mail of the budget while this mail was on its way. Then this mail is the newest,
   * which the page tells people to use: its key gets the lifetime of the last mail's key. Best effort; never rejects.
   */
  async #lastAsLong(
    grant: Granted,
    takeAgain: () => Promise<Grant>,
    remember: (longer: Granted) => Promise<void>,
  ): Promise<void> {
    try {
      const now = await takeAgain();
      if (now.granted && now.keyLifetimeSeconds > grant.keyLifetimeSeconds) await remember(now);
    } catch {
      // The link of the last mail still works until the budget refills.
    }
  }
}

/** When the person asked. A job is of one request: requests are never put together. */
function askedAtOf({ data, createdAt }: RequestJob): Date {
  return data.askedAt ? new Date(data.askedAt) : createdAt;
}
