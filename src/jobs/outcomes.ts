/** Every way in which a job is done; the names are the same in metrics, logs, the queue and the audit trail. */
export const jobOutcomes = {
  sent: 'the mail was handed over',
  'told-unknown': 'an address without an account was told so',
  'told-registered': 'who asked to sign up has an account already, and was told so',
  'no-recipient': 'there is nobody to write to',
  suppressed: 'a limit allows no mail now',
  superseded: 'the password changed after the request',
  expired: 'the request was too old',
  'no-password': 'the account of an app has no row for a password, or several',
  divided: 'several accounts of an app have the address, and each got a job of its own',
  unchanged: 'an app has left the new password alone',
  overwritten: 'an app wrote over the new password',
  told: 'a receiver took the event',
} as const;
export type JobOutcome = keyof typeof jobOutcomes;

/** Every way in which an attempt ends with a job that is not done. */
export const attemptEnds = {
  retry: 'tried again after a pause',
  dead: 'given up, for an operator to look at',
  later:
    "put off, because its recipient's domain or retries hold their share of the slots, or an earlier event goes first",
  failed: 'a fault, or a store that was away',
} as const;
export type AttemptEnd = JobOutcome | keyof typeof attemptEnds;
