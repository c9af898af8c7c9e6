import { randomBytes } from 'node:crypto';
import { freePort } from '../../../support/free-port.js';
import { type Answer, json } from '../../attack.js';
import type { Call, Contestant, Lab, Peer, PeerOptions, Reply, Verdict } from '../peer.js';
import { Remote } from '../remote.js';

const path = '/shop-api';
const failure = '... on ErrorResult { errorCode }';
const documents = {
  signUp: `mutation($input: RegisterCustomerInput!) {
    registerCustomerAccount(input: $input) { __typename ${failure} } }`,
  verify: `mutation($token: String!) { verifyCustomerAccount(token: $token) { __typename ${failure} } }`,
  request: `mutation($email: String!) { requestPasswordReset(emailAddress: $email) { __typename ${failure} } }`,
  reset: `mutation($token: String!, $password: String!) {
    resetPassword(token: $token, password: $password) { __typename ${failure} } }`,
  signIn: `mutation($email: String!, $password: String!) {
    login(username: $email, password: $password) { __typename ${failure} } }`,
  change: `mutation($current: String!, $next: String!) {
    updateCustomerPassword(currentPassword: $current, newPassword: $next) { __typename ${failure} } }`,
};

export const vendure: Contestant = {
  name: 'Vendure',
  folder: 'vendure',
  setUp:
    'Server and worker processes as in its guides "Production configuration" and "Security": NODE_ENV=production, ' +
    'PostgreSQL, `HardenPlugin` (`apiMode: "prod"`), `UuidIdStrategy`, CORS for the shop alone, cookie and bearer tokens, ' +
    '`DefaultJobQueuePlugin`, `EmailPlugin` with its own templates over SMTP; tables by `synchronize`, not by migrations. ' +
    'It has no limiter of its own: rate limits are left to the operator.',
  shortest: 1,
  start,
};

async function start(lab: Lab, { keySeconds }: PeerOptions = {}): Promise<Peer> {
  const port = await freePort();
  const remote = await Remote.open(lab, 'vendure', {
    PORT: String(port),
    COOKIE_SECRET: randomBytes(32).toString('base64url'),
    SUPERADMIN_PASSWORD: randomBytes(16).toString('base64url'),
    KEY_SECONDS: keySeconds === undefined ? '' : String(keySeconds),
  });
  remote.url = await remote.start(['server'], /listens on (http:\S+)/);
  await remote.start(['worker'], /the worker runs/);
  const post = async (query: string, variables: object, call: Call = {}): Promise<Reply> => {
    const { extra, ...rest } = call;
    return replyOf(await remote.post(path, { query, variables: { ...variables, ...extra } }, rest));
  };
  const peer: Peer = {
    async account(email) {
      const account = remote.newAccount(email);
      const { answer, verdict } = await peer.signUp(account.email, account.password);
      if (verdict !== 'done') throw new Error(`sign-up: ${answer.status} ${answer.body}`);
      const isIt = (html: string) => html.includes('/verify?token=');
      const mail = await remote.inbox.waitFor(
        ({ envelope, html }) => envelope.to.includes(account.email) && isIt(html),
        30_000,
      );
      const verified = await post(documents.verify, { token: tokenIn(mail.html, 'verify') });
      if (verified.verdict !== 'done') throw new Error(`verification: ${verified.answer.body}`);
      return account;
    },
    signUp: (emailAddress, password, call = {}) => {
      const { extra, ...rest } = call;
      return post(documents.signUp, { input: { emailAddress, password, ...extra } }, rest);
    },
    requestReset: (email, call) => post(documents.request, { email }, call),
    reset: (token, password, call) => post(documents.reset, { token, password }, call),
    signIn: (email, password, call) => post(documents.signIn, { email, password }, call),
    changePassword: (session, current, next, call) =>
      post(documents.change, { current, next }, { ...call, headers: session }),
    async isSignedIn(session) {
      const { answer } = await post('{ activeCustomer { id } }', {}, { headers: session });
      return /"activeCustomer":\{"id":/.test(answer.body);
    },
    several(emails) {
      const fields = emails.map(
        (email, at) => `a${at}: requestPasswordReset(emailAddress: ${JSON.stringify(email)}) { __typename }`,
      );
      const operations = emails.map((email) => ({ query: documents.request, variables: { email } }));
      return {
        'aliases in a document': {
          path,
          headers: json,
          body: JSON.stringify({ query: `mutation { ${fields.join(' ')} }` }),
        },
        'an array of operations': { path, headers: json, body: JSON.stringify(operations) },
      };
    },
    introspect: () => remote.post(path, { query: '{ __schema { types { name } } }' }),
    keyOf: ({ html }) => tokenIn(html, 'password-reset'),
    send: (request) => remote.send({ path, ...request }),
    mails: () => remote.mails(),
    settled: () => remote.quiet(),
    stored: () => remote.stored(),
    stranger: () => remote.stranger(),
    close: () => remote.close(),
  };
  return peer;
}

/** The token stands in an attribute, in which the template writes `=` as a character reference. */
function tokenIn(html: string, page: string): string {
  const found = new RegExp(`/${page}\\?token=([^"]+)"`).exec(html)?.[1] ?? '';
  return found.replaceAll(/&#x3D;/gi, '=').replaceAll('&amp;', '&');
}

function replyOf(answer: Answer): Reply {
  const token = answer.headers['vendure-auth-token'];
  const verdict = verdictOf(answer);
  return { answer, verdict, ...(token && verdict === 'done' ? { session: { authorization: `Bearer ${token}` } } : {}) };
}

const refusals =
  /INVALID_CREDENTIALS|RESET_TOKEN_(?:INVALID|EXPIRED)|EMAIL_ADDRESS_CONFLICT|NOT_VERIFIED|TOKEN_INVALID/;

function verdictOf({ status, body }: Answer): Verdict {
  if (status === 429) return 'limited';
  if (status >= 500) return 'failed';
  if (refusals.test(body)) return 'refused';
  if (status >= 400 || /PASSWORD_VALIDATION_ERROR|MISSING_PASSWORD/.test(body)) return 'rejected';
  if (body.includes('"errors":')) return /INTERNAL_SERVER_ERROR/.test(body) ? 'failed' : 'rejected';
  return 'done';
}
