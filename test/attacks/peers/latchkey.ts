import { type Answer, json, type Mutation, type Request, send, verdictOf as typeOf } from '../attack.js';
import { keyOf, Stage } from '../kit/stage.js';
import { rowsOf } from './lab.js';
import type { Call, Contestant, Lab, Peer, PeerOptions, Reply, Session, Verdict } from './peer.js';

/** Latchkey itself, under the same attacks, so that these can be seen to measure what they say. */
export const latchkey: Contestant = {
  name: 'Latchkey',
  setUp: 'An API and a worker process, PostgreSQL and Redis, production settings, `SIGN_UP=confirm`, default limits.',
  shortest: 1,
  start,
};

const fields: Readonly<Record<Mutation, string>> = {
  requestPasswordReset: '',
  resetPassword: '',
  signIn: '... on SignedIn { accessToken }',
  signUp: '',
  changePassword: '... on PasswordChanged { accessToken }',
};

function documentOf(name: Mutation): string {
  const input = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  return `mutation($input: ${input}!) { ${name}(input: $input) { __typename ${fields[name]} } }`;
}

async function start(lab: Lab, { keySeconds }: PeerOptions = {}): Promise<Peer> {
  const stage = await Stage.start(
    lab.stores,
    keySeconds === undefined ? {} : { settings: { RESET_KEY_TTL: String(keySeconds) } },
  );
  const request = (input: Request) => send(stage.urls[0] ?? '', { ...input, from: input.from ?? lab.stranger() });
  const post = async (name: Mutation, input: object, { from, headers, extra }: Call = {}): Promise<Reply> => {
    const body = JSON.stringify({ query: documentOf(name), variables: { input: { ...input, ...extra } } });
    return replyOf(await request({ headers: { ...json, ...headers }, body, ...(from ? { from } : {}) }));
  };
  return {
    account: (email) => stage.account(email),
    signUp: (email, password, call) => post('signUp', { email, password }, call),
    requestReset: (email, call) => post('requestPasswordReset', { email }, call),
    reset: (key, password, call) => post('resetPassword', { key, password }, call),
    signIn: (email, password, call) => post('signIn', { email, password }, call),
    changePassword: (session, currentPassword, newPassword, call) =>
      post('changePassword', { currentPassword, newPassword }, { ...call, headers: session }),
    async isSignedIn(session) {
      const { body } = await request({ headers: { ...json, ...session }, body: '{"query":"{ me { id } }"}' });
      return /"me":\{"id":/.test(body);
    },
    several(emails) {
      const query = documentOf('requestPasswordReset');
      const call = (email: string) => ({ query, variables: { input: { email } } });
      const fields = emails.map(
        (email, at) => `a${at}: requestPasswordReset(input: { email: ${JSON.stringify(email)} }) { __typename }`,
      );
      const bodies = {
        'aliases in a document': { query: `mutation { ${fields.join(' ')} }` },
        'an array of operations': emails.map(call),
      };
      return Object.fromEntries(
        Object.entries(bodies).map(([name, body]) => [name, { headers: json, body: JSON.stringify(body) }]),
      );
    },
    introspect: () => request({ headers: json, body: '{"query":"{ __schema { types { name } } }"}' }),
    keyOf,
    send: request,
    mails: () => stage.inbox.mails(),
    settled: () => stage.settled(),
    async stored() {
      return `${await rowsOf(stage.database)}\n${await redisText(stage)}`;
    },
    stranger: () => lab.stranger(),
    close: () => stage.close(),
  };
}

async function redisText({ redis }: Stage): Promise<string> {
  const names = await redis.keys('*');
  const values = await Promise.all(
    names.map(async (name) => {
      const type = await redis.type(name);
      if (type === 'string') return redis.get(name);
      return JSON.stringify(await (type === 'hash' ? redis.hgetall(name) : redis.dump(name)));
    }),
  );
  return names.map((name, at) => `${name} ${values[at]}`).join('\n');
}

const refusals = ['InvalidResetKey', 'InvalidCredentials', 'Unauthenticated', 'EmailAddressTaken'];

function replyOf(answer: Answer): Reply {
  const token = /"accessToken":"([^"]+)"/.exec(answer.body)?.[1];
  const session: Session | undefined = token ? { authorization: `Bearer ${token}` } : undefined;
  return { answer, verdict: verdictOf(answer), ...(session ? { session } : {}) };
}

function verdictOf(answer: Answer): Verdict {
  if (answer.status >= 500) return 'failed';
  if (answer.status >= 400) return 'rejected';
  const type = typeOf(answer);
  if (type === 'TooManyRequests') return 'limited';
  if (type === 'TemporarilyUnavailable') return 'failed';
  if (refusals.includes(type)) return 'refused';
  if (type === 'PasswordRejected' || type === 'InvalidEmailAddress') return 'rejected';
  return /^[A-Z][a-z]/.test(type) ? 'done' : 'rejected';
}
