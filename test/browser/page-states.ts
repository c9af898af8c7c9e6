import type { Visit } from './chromium.js';

export const password = 'seven lanterns by the canal';
const link = `#key=${'x'.repeat(42)}A`;
const hour = new Date(Date.now() + 3_600_000).toISOString();
const good = { passwordResetKey: { __typename: 'ResetKeyValid', email: 'alice@example.com', expiresAt: hour } };
const later = { __typename: 'TooManyRequests', message: '', retryAfterSeconds: 90 };
const requested = { __typename: 'PasswordResetRequested', keyLifetimeSeconds: 3600, askAgainAfterSeconds: 1200 };
const violations = ['TOO_COMMON', 'CONTAINS_ACCOUNT_NAME'].map((rule) => ({ rule, limit: 15, actual: 6 }));

/** A state of the hosted page, and how it is reached. */
export interface State {
  readonly end?: string;
  /** What the server answers, by root field. */
  readonly answers?: Readonly<Record<string, object>>;
  readonly fill?: Readonly<Record<string, string>>;
  readonly submit?: true;
  /** Seen when the state is reached. */
  readonly shows: string;
}

const keyFaults = ['USED', 'EXPIRED', 'SUPERSEDED', 'UNKNOWN', 'A_LATER_ONE'];
const reset = (result: object): State => ({
  end: link,
  answers: { ...good, resetPassword: result },
  fill: { '#password': password },
  submit: true,
  shows: '',
});

/** Every state, by what the page does in it. */
export const states: Readonly<Record<string, State>> = {
  'asks for the address': { shows: '#email' },
  'without an address': { submit: true, shows: '#email-error p' },
  'with a slip in the address': { fill: { '#email': 'alice@gmial.com' }, shows: '#suggestion' },
  'asked too often': {
    answers: { requestPasswordReset: later },
    fill: { '#email': 'alice@example.com' },
    submit: true,
    shows: '#notice',
  },
  'sent the mail': {
    answers: { requestPasswordReset: requested },
    fill: { '#email': 'alice@gmial.com' },
    submit: true,
    shows: '#address',
  },
  'could not check the link': { end: link, answers: { passwordResetKey: later }, shows: '#notice' },
  'asks for the password': { end: link, answers: good, shows: '#password' },
  'counts a short password': { end: link, answers: good, fill: { '#password': 'short' }, shows: '.feedback.short' },
  'counts a long password': {
    end: link,
    answers: good,
    fill: { '#password': 'x'.repeat(130) },
    shows: '.feedback.over',
  },
  'likes the password': { end: link, answers: good, fill: { '#password': password }, shows: '.feedback.enough' },
  'refused the password': { ...reset({ __typename: 'PasswordRejected', violations }), shows: '#password-error p' },
  'knows the password': {
    ...reset({ __typename: 'PasswordRejected', violations: [{ rule: 'SAME_AS_BEFORE', limit: null, actual: null }] }),
    shows: '#known-password',
  },
  'asks to wait': { ...reset(later), shows: '#notice' },
  'has set the password': { ...reset({ __typename: 'PasswordResetCompleted', signInUrl: null }), shows: '.mark.good' },
  'makes an account': { end: link.replace('key', 'confirm'), shows: '#password' },
  ...Object.fromEntries(
    keyFaults.map((reason): [string, State] => [
      `cannot use the link: ${reason}`,
      {
        end: link,
        answers: { passwordResetKey: { __typename: 'InvalidResetKey', reason, message: 'Why.' } },
        shows: '#reason',
      },
    ]),
  ),
};

/**
 * Brings the open page into a state, without loading it again: links that are pasted into its address change the view.
 * From a link that is none, a button leads to the form for the address.
 */
export async function reach(visit: Visit, name: string): Promise<void> {
  const state = states[name];
  if (state === undefined) throw new Error(`there is no state "${name}"`);
  const { end, answers = {}, fill = {}, submit, shows } = state;
  const { page, read } = visit;
  await page.unrouteAll();
  for (const [field, result] of Object.entries(answers)) await visit.answer(field, result);
  await read(`location.hash = ${JSON.stringify(end ?? '#key=none')}`);
  if (end === undefined) await page.click('#ask');
  for (const [field, text] of Object.entries(fill)) await page.fill(field, text);
  if (submit) await page.click('#submit');
  await page.waitForSelector(`${shows}:visible`);
}
