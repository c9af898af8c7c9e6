const inItsCommit = 'in the commit of the change';
const atTheEnd =
  'at the end of a request, within a quarter of a second and together with others: a process that is killed loses those of its last quarter; `detail.jobId`';
const byAnOperator = '`detail.jobId`, `detail.queue`; `detail.newJobId` of a retry';

/** Every kind of event that has a row of its own (`audit_event`), and when it is written; `docs/operate.md` is compared. */
export const eventKinds = {
  'reset.completed': inItsCommit,
  'account.password-changed': inItsCommit,
  'account.signed-out-everywhere': inItsCommit,
  'account.signed-up': inItsCommit,
  'account.added': inItsCommit,
  'account.imported': inItsCommit,
  'account.import-updated': inItsCommit,
  'account.disabled': inItsCommit,
  'account.enabled': inItsCommit,
  'reset.sent': atTheEnd,
  'reset.told-unknown': atTheEnd,
  'reset.dead': atTheEnd,
  'notice.sent':
    'when the notice of a password change was handed over, in the same way; `detail.jobId`, `detail.change`',
  'reset.replayed': 'a repaired answer',
  'account.signed-in': 'after the check',
  'account.sign-up-confirmed': 'an account was made by the link of a sign-up',
  'account.sessions-ended-by-wrong-passwords':
    'ten wrong current passwords were tried with one session; all its tokens are dead',
  'account.shown': 'an operator looked at an account',
  'accounts.exported': '`detail.accounts`, `detail.hashes`: whether the file has them',
  'job.retried': byAnOperator,
  'job.discarded': byAnOperator,
} as const;
export type EventKind = keyof typeof eventKinds;

const withoutMail = 'requests that ended without a mail';
const signUpEnds = 'how a request to sign up ended (`SIGN_UP=confirm`)';

/** Every kind that strangers can cause as often as they like: counted (`audit_refusal`), with what `detail` holds. */
export const refusalKinds = {
  'limit.hit': "which limit; `client` is the network where the network's limit refused",
  'reset.refused': '`UNKNOWN`, `EXPIRED`, `USED`, `SUPERSEDED`, `SAME_AS_BEFORE`',
  'reset.no-recipient': withoutMail,
  'reset.suppressed': withoutMail,
  'reset.superseded': withoutMail,
  'reset.expired': withoutMail,
  'reset.no-password': withoutMail,
  'sign-up.sent': signUpEnds,
  'sign-up.told-registered': signUpEnds,
  'sign-up.suppressed': signUpEnds,
  'sign-up.expired': signUpEnds,
  'sign-up.no-recipient': signUpEnds,
  'sign-up.refused': '`UNKNOWN`, `EXPIRED`, `USED`, `SUPERSEDED`',
  'account.sign-in-refused': '',
  'account.password-change-refused': '',
} as const;
export type RefusalKind = keyof typeof refusalKinds;
