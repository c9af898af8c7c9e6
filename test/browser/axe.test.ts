import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { noChromium, TestBrowser, type Visit, whyNot } from './chromium.js';

const isInstalled = existsSync(fileURLToPath(new URL('./axe/node_modules/axe-core', import.meta.url)));
const why = isInstalled ? whyNot : `${whyNot} (needs \`npm ci\` in test/browser/axe)`;

const password = 'seven lanterns by the canal';
const link = `#key=${'x'.repeat(42)}A`;
const hour = new Date(Date.now() + 3_600_000).toISOString();
const good = { passwordResetKey: { __typename: 'ResetKeyValid', email: 'alice@example.com', expiresAt: hour } };
const later = { __typename: 'TooManyRequests', message: '', retryAfterSeconds: 90 };
const requested = { __typename: 'PasswordResetRequested', keyLifetimeSeconds: 3600, askAgainAfterSeconds: 1200 };
const violations = ['TOO_COMMON', 'CONTAINS_ACCOUNT_NAME'].map((rule) => ({ rule, limit: 15, actual: 6 }));

interface State {
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
const states: Readonly<Record<string, State>> = {
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

describe.skipIf(noChromium || !isInstalled)(`axe finds nothing in the page${why}`, () => {
  let latchkey: TestLatchkey;
  let browser: TestBrowser;
  let rules: string;
  beforeAll(async () => {
    const env = { SIGN_IN_URL: 'https://app.example/sign-in', SUPPORT_URL: 'https://help.example/' };
    ({ rules } = await import(new URL('./axe/program.mjs', import.meta.url).href));
    [latchkey, browser] = await Promise.all([startLatchkey({ env, withoutWorker: true }), TestBrowser.start()]);
  });
  afterAll(async () => {
    await browser?.stop();
    await latchkey?.close();
  });

  const faultsIn = async ({ read }: Visit): Promise<string[]> => {
    await read(`if (!globalThis.axe) { ${rules} }`);
    const only = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return read(`axe.run({ runOnly: ${JSON.stringify(only)}, resultTypes: ['violations'] })
      .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html)))`);
  };

  // In the dark only the colours are others: reset-page-access.test.ts measures their contrasts.
  test('in any of its states', { timeout: 180_000 }, async () => {
    const visit = await browser.visit({ reducedMotion: 'reduce' });
    const found: Record<string, string[]> = {};
    for (const [name, { end = '', answers = {}, fill = {}, submit, shows }] of Object.entries(states)) {
      await visit.page.unrouteAll();
      for (const [field, result] of Object.entries(answers)) await visit.answer(field, result);
      await visit.page.goto('about:blank');
      await visit.page.goto(`${latchkey.url}/reset-password${end}`);
      for (const [field, text] of Object.entries(fill)) await visit.page.fill(field, text);
      if (submit) await visit.page.click('#submit');
      await visit.page.waitForSelector(`${shows}:visible`);
      found[name] = await faultsIn(visit);
    }
    for (const path of ['/', '/nothing']) {
      await visit.page.goto(`${latchkey.url}${path}`);
      found[path] = await faultsIn(visit);
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  });
});
