import { type MailJob, type PlaceUse, settlementOf } from '../accounts/account-mails.js';
import type { Credential } from '../accounts/accounts.js';
import { parseEmailAddress } from '../accounts/email-address.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { Grant, Granted } from './budget/reset-budget.js';
import type { PasswordResetDeps } from './deps.js';
import { digestOf, mintResetKey } from './keys/reset-key.js';
import { type ResetRequest, resetRequests } from './reset-requests.js';

type RequestJob = Job<ResetRequest> & MailJob;

/** How a request ends for good. Strangers make as many of the silent ones as they ask. */
type SilentEnd = 'expired' | 'no-recipient' | 'superseded' | 'suppressed';
type End = SilentEnd | 'sent' | 'dead' | 'told-unknown';

/** The worker's part of the story: what becomes of one request. */
export class Delivery {
  constructor(private readonly deps: PasswordResetDeps) {}

  /** Works on one request, in a place that every end of it holds as long. */
  deliver(job: Job<ResetRequest>): Promise<Settlement> {
    const { accountMails, mails } = this.deps;
    const like = (same: Pick<MailJob, 'id'>) => mails.likeALink(same);
    return accountMails.inPlace(resetRequests, job, like, (placed, use) => this.#deliver(placed, use));
  }

  async #deliver(job: RequestJob, use: PlaceUse): Promise<Settlement> {
    const { accounts, devices, unknownAddresses } = this.deps;
    // Read again: a row that somebody broke must not become a condition, or an address that we would write to.
    const email = parseEmailAddress(String(job.data.email));
    if (!email) return { settle: 'dead', reason: 'broken-data' };
    const account = await accounts.find({ email });
    // Verified for nobody, too: others wait for the same processor.
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
    const age = account.readAt.getTime() - job.createdAt.getTime();
    if (age > this.deps.settings.requestDeadlineSeconds * 1000) return 'expired';
    return account.credentialsChangedAt > job.createdAt ? 'superseded' : undefined;
  }

  /** Mints a key, remembers its digest, and only then sends the mail. */
  async #sendLink(job: RequestJob, account: Credential, isOwnDevice: boolean, use: PlaceUse): Promise<Settlement> {
    const { budget, mails, resetKeys } = this.deps;
    const { id: accountId, credentialVersion, readAt } = account;
    const takePlace = () => budget.take(job.id, account, { network: job.data.network, isOwnDevice });
    const grant = await takePlace();
    if (!grant.granted) return this.#finish(job, 'suppressed', account);

    const key = mintResetKey();
    const endOf = (lifetimeSeconds: number) => new Date(readAt.getTime() + lifetimeSeconds * 1000);
    const remember = async ({ keyLifetimeSeconds }: Granted) => {
      const record = { accountId, credentialVersion, expiresAt: endOf(keyLifetimeSeconds) };
      await resetKeys.remember(digestOf(key), record, keyLifetimeSeconds);
    };
    await remember(grant);
    use.isUsed = true;
    const failure = await mails.sendLink(account, key, {
      expiresAt: endOf(grant.keyLifetimeSeconds),
      lifetimeSeconds: grant.keyLifetimeSeconds,
      nextMailAt: grant.refillsAt,
      locale: job.data.locale,
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
    // What a superseded job had taken belongs to the budget of the version before, which is gone.
    if (account && (outcome === 'expired' || outcome === 'no-recipient')) await budget.giveBack(job.id, account);
    if (account && outcome === 'dead') await budget.refused(job.id, account);
    const { client, requestId: origin } = job.data;
    const note = { accountId: account?.id, client };
    // Not waited for: until the job is settled, a crash sends the mail again. What strangers can make many of is counted.
    if (outcome === 'sent' || outcome === 'dead' || outcome === 'told-unknown') {
      audit.noteSoon({ kind: `reset.${outcome}`, ...note, origin, detail: { jobId: job.id } });
    } else audit.refused({ kind: `reset.${outcome}`, ...note });
  }

  /**
   * The last mail of the budget may have been handed over while this one was on its way. Then this is the newest, which
   * the page tells people to use: its link is made to work as long as that of the last. Best effort; no place waits for it.
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
      // The last mail has its own.
    }
  }
}
