import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { documents } from '../../attack.js';
import type { FloodCall } from '../../callers.js';
import type { Attack } from '../attack.js';
import { flood, signInCall, someAddress } from '../flood.js';
import { newPassword, password, type Stage } from '../stage.js';

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

const key = () => randomBytes(32).toString('base64url');
const calls: Record<string, () => FloodCall> = {
  signIn: signInCall,
  signUp: () => ({ query: documents.signUp, variables: { input: { email: someAddress(), password } } }),
  requestPasswordReset: () => ({
    query: documents.requestPasswordReset,
    variables: { input: { email: someAddress() } },
  }),
  resetPassword: () => ({ query: documents.resetPassword, variables: { input: { key: key(), password } } }),
  passwordResetKey: () => ({
    query: 'query($key: String!) { passwordResetKey(key: $key) { __typename } }',
    variables: { key: key() },
  }),
  confirmSignUp: () => ({
    query: 'mutation($input: ConfirmSignUpInput!) { confirmSignUp(input: $input) { __typename } }',
    variables: { input: { key: key(), password } },
  }),
  changePassword: () => ({
    query: documents.changePassword,
    variables: { input: { currentPassword: password, newPassword } },
    headers: { authorization: `Bearer ${key()}.${key()}.${key()}` },
  }),
  me: () => ({ query: '{ __typename me { id } }', variables: {}, headers: { authorization: `Bearer ${key()}` } }),
};

const stored = async (stage: Stage) => {
  const tables = ['account', 'audit_event', 'audit_refusal', 'reset_receipt', 'job'];
  const counts = tables.map((table) => `(select count(*) from ${table})`).join(' + ');
  const [row] = await stage.database.query<{ rows: number }>(`select (${counts})::int as rows`);
  return { names: await stage.redis.dbsize(), rows: row?.rows ?? 0 };
};

const filling: Attack = {
  ids: ['A1'],
  title: 'filling the stores with calls that are refused',
  needs: 'stage',
  run: async (stage, findings) => {
    const few = '2/900';
    const names = ['SIGN_IN', 'SIGN_UP', 'RESET', 'KEY_FAILURES'].flatMap((name) => [
      `LIMIT_${name}_PER_CLIENT`,
      `LIMIT_${name}_PER_NETWORK`,
    ]);
    const settings = Object.fromEntries(names.map((name) => [name, few]));
    const count = stage.isFull ? 20_000 : 400;
    await stage.beside({ settings, workers: 0 }, async (other) => {
      const url = other.urls[0] ?? '';
      for (const [name, call] of Object.entries(calls)) {
        const from = `${other.network()}7`;
        await flood(url, from, 64, call);
        await sleep(500);
        const before = await stored(other);
        const heard = await flood(url, from, count, call);
        await sleep(500);
        const after = await stored(other);
        findings.tried += count - 1;
        const others = Object.keys(heard).filter(
          (kind) => !/^(?:TooManyRequests|Unauthenticated|Query|TemporarilyUnavailable)$/.test(kind),
        );
        findings.expect(`answers to ${name}`, others, []);
        findings.note(`names after ${name}`, after.names - before.names <= 10, [before, after]);
        findings.note(`rows after ${name}`, after.rows - before.rows <= 10, [before, after]);
      }
    });
    return `${count} refused calls of each kind left at most ten names and ten rows`;
  },
};

/** Opens a connection that writes this and reads nothing. */
function greedy(url: string, from: string, text: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), localAddress: from }).on('error', () => undefined);
  socket.pause().write(text);
  return socket;
}

/** How many of the calls of an honest client were answered. */
async function honest(stage: Stage, count: number): Promise<number> {
  const caller = stage.stranger();
  const answers = [];
  for (let index = 0; index < count; index++) {
    answers.push(await caller.post({ query: '{ __typename }' }).then(({ status }) => status, String));
    await sleep(50);
  }
  return answers.filter((status) => status === 200).length;
}

const connections: Attack = {
  ids: ['A2'],
  title: 'connections that ask and do not read, and half requests',
  needs: 'stage',
  run: async (stage, findings) => {
    const flags = ['--max-old-space-size=160'];
    await stage.beside({ flags, workers: 0 }, async (other) => {
      const url = other.urls[0] ?? '';
      const request = (more = '') => `GET /reset-password HTTP/1.1\r\nHost: kit.example\r\n${more}\r\n`;
      const half = 'POST /graphql HTTP/1.1\r\nHost: kit.example\r\nContent-Type: application/json\r\n';
      const kinds: Record<string, string> = {
        'pages in a pipeline': request().repeat(3_000),
        'pages with an expectation': request('Expect: x\r\n').repeat(2_500),
        'pages that expect to go on': request('Expect: 100-continue\r\n').repeat(2_500),
        'HEADs in a pipeline': request().replace('GET', 'HEAD').repeat(3_000),
        'calls in a pipeline': `${half}Content-Length: 24\r\n\r\n{"query":"{__typename}"}`.repeat(1_500),
        'half headers': half,
        'half a body': `${half}Content-Length: 10000\r\n\r\n{`,
        'chunks that do not end': `${half}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
        nothing: '',
      };
      for (const [name, text] of Object.entries(kinds)) {
        const from = `${other.network()}7`;
        const sockets = many(stage.isFull ? 4_200 : 260, () => greedy(url, from, text));
        await sleep(500);
        findings.expect(`an honest client beside ${name}`, await honest(other, 10), 10);
        for (const socket of sockets) socket.destroy();
      }
      findings.expect(
        'the process',
        other.apis.map((api) => api.isRunning),
        [true],
      );
      findings.note('its alarm', /TRUST_PROXY/.test(other.written()), 'nothing names TRUST_PROXY');
      const memory = await other.residentMiB();
      findings.note('its memory', memory < 500, `${memory} MiB`);
    });
    return 'every call of an honest client was answered';
  },
};

export const floods: readonly Attack[] = [filling, connections];
