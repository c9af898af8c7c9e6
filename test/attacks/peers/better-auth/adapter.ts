import { randomBytes } from 'node:crypto';
import type { Answer } from '../../attack.js';
import type { Contestant, Lab, Peer, PeerOptions, Reply, Session, Verdict } from '../peer.js';
import { Remote } from '../remote.js';

const base = '/api/auth';
/** Calls with a cookie need the origin of the application. */
const origin = { origin: 'https://shop.example' };

const common =
  'Express 5, PostgreSQL, NODE_ENV=production (which turns its limiter on, in memory), mails by its callback, ' +
  'not awaited, X-Forwarded-For set by the reverse proxy to the caller’s address (on a bare `http.createServer` a Host ' +
  'that is no host ends the process, as nobody awaits the handler; Express 5 answers 500)';

export const betterAuth: Contestant = {
  name: 'better-auth',
  folder: 'better-auth',
  setUp: `Basic usage of its guide "Email & Password": ${common}.`,
  shortest: 1,
  start: (lab, options) => start(lab, options, false),
};

export const strictBetterAuth: Contestant = {
  name: 'better-auth, strict',
  folder: 'better-auth',
  setUp:
    'The same with the options that its documentation offers for this: `requireEmailVerification`, ' +
    '`revokeSessionsOnPasswordReset`, `verification.storeIdentifier: "hashed"`, a notice in `onPasswordReset`.',
  shortest: 1,
  start: (lab, options) => start(lab, options, true),
};

async function start(lab: Lab, { keySeconds }: PeerOptions = {}, isStrict: boolean): Promise<Peer> {
  const remote = await Remote.open(lab, 'better-auth', {
    BETTER_AUTH_SECRET: randomBytes(32).toString('base64url'),
    STRICT: isStrict ? 'yes' : 'no',
    KEY_SECONDS: keySeconds === undefined ? '' : String(keySeconds),
  });
  remote.url = await remote.start([], /listens on (http:\S+)/);
  const peer: Peer = {
    async account(email) {
      const account = remote.newAccount(email);
      const { answer, verdict } = await peer.signUp(account.email, account.password);
      if (verdict !== 'done') throw new Error(`sign-up: ${answer.status} ${answer.body}`);
      if (!isStrict) return account;
      const mail = await remote.inbox.waitFor(({ envelope, text }) => {
        return envelope.to.includes(account.email) && text.includes('/verify-email');
      });
      const { pathname, search } = new URL(mail.text.trim());
      await remote.send({ method: 'GET', path: pathname + search });
      return account;
    },
    signUp: async (email, password, call = {}) =>
      replyOf(await remote.post(`${base}/sign-up/email`, { email, password, name: 'Owner', ...call.extra }, call)),
    requestReset: async (email, call = {}) =>
      replyOf(await remote.post(`${base}/request-password-reset`, { email, ...call.extra }, call)),
    reset: async (token, newPassword, call) =>
      replyOf(await remote.post(`${base}/reset-password`, { token, newPassword }, call)),
    signIn: async (email, password, call) =>
      replyOf(await remote.post(`${base}/sign-in/email`, { email, password }, call)),
    async changePassword(session, currentPassword, newPassword, call) {
      const headers = { ...session, ...origin };
      return replyOf(
        await remote.post(`${base}/change-password`, { currentPassword, newPassword }, { ...call, headers }),
      );
    },
    async isSignedIn(session) {
      const { body } = await remote.send({ method: 'GET', path: `${base}/get-session`, headers: session });
      return body.includes('"user"');
    },
    several(emails) {
      const path = `${base}/request-password-reset`;
      const headers = { 'content-type': 'application/json' };
      return {
        'an array of requests': { path, headers, body: JSON.stringify(emails.map((email) => ({ email }))) },
        'a member twice': { path, headers, body: `{${emails.map((email) => `"email":${JSON.stringify(email)}`)}}` },
      };
    },
    introspect: async () => undefined,
    keyOf: ({ text }) => /\/reset-password\/([A-Za-z0-9]{24})\b/.exec(text)?.[1] ?? '',
    send: (request) => remote.send(request),
    mails: () => remote.mails(),
    settled: () => remote.quiet(),
    stored: () => remote.stored(),
    stranger: () => remote.stranger(),
    close: () => remote.close(),
  };
  return peer;
}

function replyOf(answer: Answer): Reply {
  const session = sessionOf(answer);
  return { answer, verdict: verdictOf(answer), ...(session ? { session } : {}) };
}

function verdictOf({ status, body }: Answer): Verdict {
  if (status < 300) return 'done';
  if (status === 429) return 'limited';
  if (status >= 500) return 'failed';
  return /INVALID_TOKEN|INVALID_EMAIL_OR_PASSWORD|USER_ALREADY_EXISTS|EMAIL_NOT_VERIFIED/.test(body)
    ? 'refused'
    : 'rejected';
}

function sessionOf({ headers }: Answer): Session | undefined {
  const cookies = [headers['set-cookie'] ?? []].flat() as string[];
  const found = cookies.find((each) => each.includes('session_token='));
  return found ? { cookie: found.split(';')[0] ?? '' } : undefined;
}
