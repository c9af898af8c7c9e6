import { type MailJob, type PlaceUse, settlementOf } from '../accounts/account-mails.js';
import { parseEmailAddress } from '../accounts/email-address.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { PasswordResetDeps } from './deps.js';
import type { Grant, Granted } from './reset-budget.js';
import { digestOf, mintResetKey } from './reset-key.js';
import type { ResetKeyRecord } from './reset-keys.js';
import { type ResetRequest, resetRequests } from './reset-requests.js';

/** The worker's part of the story: what becomes of one request. */
export class Delivery {
  constructor(private readonly deps: PasswordResetDeps) {}

  /** Works on one request, in a place that every end of it holds as long. */
  deliver(job: Job<ResetRequest>): Promise<Settlement> {
    const { accountMails, mails } = this.deps;
    const like = (same: Pick<MailJob, 'id'>) => mails.likeALink(same);
    return accountMails.inPlace(resetRequests, job, like, (placed, use) => this.#deliver(placed, use));
  }

  /** Looks the account up, mints a key, remembers its digest, and only then sends the mail. */
  async #deliver(job: Job<ResetRequest> & MailJob, use: PlaceUse): Promise<Settlement> {
    const { accounts, audit, budget, devices, mails, resetKeys, settings, unknownAddresses } = this.deps;
    // Read again: a row that somebody broke must not become a condition, or an address that we would write to.
    const email = parseEmailAddress(String(job.data.email));
    if (!email) return { settle: 'dead', reason: 'broken-data' };
    const account = await accounts.find({ email });
    // Verified for nobody, too: others wait for the same processor.
    const isOwnDevice = devices.verify(job.data.device, account) !== undefined;
    const finish = async (outcome: string): Promise<Settlement> => {
      // What a superseded job had taken belongs to the budget of the version before, which is gone.
      if (account && (outcome === 'expired' || outcome === 'no-recipient')) await budget.giveBack(job.id, account);
      if (account && outcome === 'dead') await budget.refused(job.id, account);
      const { client, requestId: origin } = job.data;
      const note = { kind: `reset.${outcome}`, accountId: account?.id, client };
      // Not waited for: until the job is settled, a crash sends the mail again. Strangers make as many of the others as
      // they ask, so those are only counted.
      if (/^(?:sent|dead|told-unknown)$/.test(outcome)) audit.noteSoon({ ...note, origin, detail: { jobId: job.id } });
      else audit.refused(note);
      return { settle: 'done', outcome };
    };
    if (!account) {
      const notice = await unknownAddresses.tell(job);
      use.isUsed = notice.mailed;
      return 'outcome' in notice ? finish(notice.outcome) : settlementOf(notice.failure);
    }
    if (account.status !== 'active') return finish('no-recipient');
    const now = account.readAt.getTime();
    if (now - job.createdAt.getTime() > settings.requestDeadlineSeconds * 1000) return finish('expired');
    if (account.credentialsChangedAt > job.createdAt) return finish('superseded');
    const takePlace = () => budget.take(job.id, account, { network: job.data.network, isOwnDevice });
    const grant = await takePlace();
    if (!grant.granted) return finish('suppressed');

    const key = mintResetKey();
    const { id: accountId, credentialVersion } = account;
    const expiring = (lifetimeSeconds: number) => new Date(now + lifetimeSeconds * 1000);
    const remember = async ({ keyLifetimeSeconds }: Granted) => {
      const record: ResetKeyRecord = { accountId, credentialVersion, expiresAt: expiring(keyLifetimeSeconds) };
      await resetKeys.remember(digestOf(key), record, keyLifetimeSeconds);
    };
    await remember(grant);
    use.isUsed = true;
    const failure = await mails.sendLink(account, key, {
      expiresAt: expiring(grant.keyLifetimeSeconds),
      lifetimeSeconds: grant.keyLifetimeSeconds,
      nextMailAt: grant.refillsAt,
      locale: job.data.locale,
      job,
    });
    if (!failure) {
      void this.#lastAsLong(grant, takePlace, remember);
      return finish('sent');
    }
    if (failure.fault === 'recipient') await finish('dead');
    return settlementOf(failure);
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
