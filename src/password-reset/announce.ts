import { type CredentialNotice, credentialNotices } from '../accounts/accounts.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { PasswordResetParts } from './parts.js';
import { noPlace, notSent } from './reset-mails.js';

/** Tells the owner of a change that was made, with a way to object. */
export async function announceChange(parts: PasswordResetParts, job: Job<CredentialNotice>): Promise<Settlement> {
  const { accounts, audit, mails } = parts;
  const account = await accounts.find({ id: String(job.data.accountId) });
  if (!account) return { settle: 'done', outcome: 'no-recipient' };
  const place = mails.takePlace(credentialNotices, account.email, job);
  if (!place) return noPlace;
  const changedAt = new Date(job.data.changedAt);
  // A job that waited may tell another change at its next attempt: that is another mail, and no copy.
  const mailJob = { ...job, place, id: `${job.id}.${changedAt.getTime()}` };
  const failure = await mails.sendNotice(account, { ...job.data, changedAt, job: mailJob }).finally(place.release);
  if (failure) return notSent(failure);
  audit.noteSoon({ kind: 'notice.sent', accountId: account.id, detail: { jobId: job.id, change: job.data.change } });
  return { settle: 'done', outcome: 'sent' };
}
