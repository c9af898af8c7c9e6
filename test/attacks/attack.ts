import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TestLatchkey } from '../support/latchkey.js';

/** Part of every value that a test sends; its tail has characters that each encoding writes differently. */
export const canary = 'canary-7f3a91d2c4e8"\\/<&>é';
const core = 'canary-7f3a91d2c4e8';

/** Finds the canary in a text, raw, percent-encoded, escaped, as hex, and as base64 at each of the three offsets. */
export function tracesOf(text: string): string[] {
  const hex = Buffer.from(core).toString('hex');
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(core)]).toString('base64');
    // The characters at both ends depend on the neighbouring bytes.
    return encoded.slice(4, encoded.length - 4);
  });
  const escaped = [...core].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  const percent = [...core].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
  const forms = { core, start: core.slice(0, 12), hex, escaped, percent };
  const found = Object.entries(forms).filter(([, form]) => text.toLowerCase().includes(form.toLowerCase()));
  const inBase64 = base64.filter((form) => text.includes(form) || text.includes(toBase64Url(form)));
  return [...found.map(([name]) => name), ...inBase64.map(() => 'base64')];
}

function toBase64Url(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several parts go as chunks, without a length. */
  readonly body?: string | Uint8Array | readonly string[];
  /** The caller's own address, for instance one of 127.0.0.0/8; the system's choice by default. */
  readonly from?: string | undefined;
}

/** Milliseconds after which a call without an answer fails. */
const patience = 60_000;

/** Sends requests that `fetch` refuses: any Host, method, path, any body. Headers are exactly those given. */
export function send(url: string, { method = 'POST', path = '/graphql', headers = {}, body, from }: Request) {
  return new Promise<Answer>((resolve, reject) => {
    const whole = typeof body === 'string' || body instanceof Uint8Array ? body : undefined;
    const length = whole === undefined ? {} : { 'content-length': String(Buffer.byteLength(whole)) };
    const { protocol, hostname, port, pathname } = new URL(url);
    // As it is given: resolving it against the URL would turn `//other.example` into another server.
    const target = /[^\x21-\x7e]/.test(path) ? encodeURI(path) : path;
    const request = protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = request({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: pathname.replace(/\/$/, '') + target,
      method,
      headers: { ...length, ...headers },
      agent: false,
      ...(from ? { localAddress: from } : {}),
    });
    sent.setTimeout(patience, () => sent.destroy(new Error(`no answer within ${patience / 1_000} s`)));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    if (whole !== undefined) sent.end(whole);
    else {
      for (const part of (body as readonly string[] | undefined) ?? []) sent.write(part);
      sent.end();
    }
  });
}

export const json = { 'content-type': 'application/json' };

/** Sends bytes as they are and reads until the server closes. */
export function sendRaw(url: string, text: string): Promise<Answer> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const to = { host, port: Number(port) || (isTls ? 443 : 80) };
  return new Promise((resolve, reject) => {
    const socket = isTls ? connectTls({ ...to, servername: host }) : connect(to);
    let received = '';
    socket.setEncoding('utf8');
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', (error) => (received ? undefined : reject(error)));
    socket.on('close', () => resolve(parseAnswer(received)));
    socket.write(text);
  });
}

function parseAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers), body: text.slice(end + 4) };
}

/** The state that an attack could have changed. */
export async function stateOf({ database, inbox }: TestLatchkey): Promise<object> {
  const [row] = await database.query<{ state: object }>(`
    select json_build_object(
      'accounts', (select coalesce(json_agg(account order by id), '[]') from account),
      'receipts', (select count(*) from reset_receipt),
      'jobs', (select count(*) from job)) as state`);
  return { ...row?.state, mails: inbox.mails().length };
}

/** Waits until the worker has settled every job and the audit events are written. */
export async function settled({ database, services }: TestLatchkey): Promise<void> {
  const waiting = () => database.query(`select 1 from job where state < 'completed' limit 1`);
  for (const end = Date.now() + 10_000; (await waiting()).length > 0; ) {
    if (Date.now() > end) throw new Error('jobs are still waiting');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await services.audit.written();
}

/** The type of a GraphQL answer's one result, or the codes of its errors. */
export function verdictOf({ body }: Answer): string {
  const { data, errors } = JSON.parse(body) as {
    data?: Record<string, { __typename?: string } | null> | null;
    errors?: { extensions?: { code?: string } }[];
  };
  if (errors) return [...new Set(errors.map(({ extensions }) => extensions?.code))].join(',');
  return Object.values(data ?? {})[0]?.__typename ?? 'data';
}

export const documents = {
  requestPasswordReset:
    'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }',
  resetPassword: 'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename } }',
  signIn: 'mutation($input: SignInInput!) { signIn(input: $input) { __typename } }',
  signUp: 'mutation($input: SignUpInput!) { signUp(input: $input) { __typename } }',
  changePassword: 'mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }',
} as const;
export type Mutation = keyof typeof documents;

/** A password that the policy takes, with the canary in it. */
export const canaryPassword = `a long password ${canary}`;
/** Every input that is text, with the canary in it. */
export const canaryInputs: readonly [Mutation, Record<string, string>][] = [
  ['requestPasswordReset', { email: canary }],
  ['resetPassword', { key: canary, password: canaryPassword }],
  ['signIn', { email: canary, password: canaryPassword }],
  ['signUp', { email: canary, password: canaryPassword }],
  ['changePassword', { currentPassword: canaryPassword, newPassword: canaryPassword }],
];
