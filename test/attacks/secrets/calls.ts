import * as documents from '../../../schema/sdk/generated/graphql.js';
import { send } from '../attack.js';

const { ChangePasswordDocument, ConfirmSignUpDocument, MeDocument, PasswordResetKeyDocument } = documents;
const { RequestPasswordResetDocument, ResetPasswordDocument, SignInDocument, SignUpDocument } = documents;

/** What a person and a stranger know; each is a secret to everybody else. */
export interface Known {
  readonly email: string;
  readonly password: string;
  readonly other: string;
  readonly key: string;
  readonly token: string;
}

/** Calls the API, and keeps the text of every answer with its headers. */
export class Caller {
  answers = '';

  constructor(private readonly url: string) {}

  async send(request: Parameters<typeof send>[1]): Promise<string> {
    const { status, headers, body } = await send(this.url, request);
    this.answers += `${status} ${JSON.stringify(headers)} ${body}\n`;
    return body;
  }

  /** @returns the data of the answer's only field. */
  async call(document: { toString(): string }, variables: object = {}, headers = {}) {
    const query = String(document);
    const body = JSON.stringify({ query, variables });
    const answer = JSON.parse(
      await this.send({ body, headers: { 'content-type': 'application/json', ...headers } }),
    ) as Answer;
    return Object.values(answer.data ?? {})[0];
  }
}

interface Answer {
  readonly data?: Record<
    string,
    { readonly __typename: string; readonly accessToken?: string; readonly device?: string | null } | null
  > | null;
}

/** Every operation, in ways that succeed (as far as the stores are there) and in ways that are refused. */
export async function callEverything(caller: Caller, { email, password, other, key, token }: Known): Promise<void> {
  const authorization = { authorization: `Bearer ${token}` };
  await caller.call(SignInDocument, { input: { email, password: other } });
  await caller.call(SignInDocument, { input: { email, password } });
  await caller.call(SignUpDocument, { input: { email, password: other } });
  await caller.call(ConfirmSignUpDocument, { input: { key, password: other } });
  await caller.call(RequestPasswordResetDocument, { input: { email } });
  await caller.call(PasswordResetKeyDocument, { key });
  await caller.call(ResetPasswordDocument, { input: { key, password: other.repeat(9) } });
  await caller.call(MeDocument, {}, authorization);
  await caller.call(MeDocument, {}, { authorization: `Bearer ${token.slice(0, -2)}xx` });
  await caller.call(
    ChangePasswordDocument,
    { input: { currentPassword: other, newPassword: password } },
    authorization,
  );
}

/** Requests that are refused before any operation runs, each with a secret in it. */
export async function sendMalformed(caller: Caller, { email, password, key, token }: Known): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const input = `{ email: ${JSON.stringify(email)}, password: ${JSON.stringify(password)} }`;
  const bodies = [
    `{"query":"mutation { signIn(input: ${JSON.stringify(input).slice(1, -1)}) { __typename }"`,
    JSON.stringify({ query: `mutation { signIn(input: ${input}) { nothing } }` }),
    JSON.stringify({ query: `mutation { signIn(input: ${input} ` }),
    JSON.stringify({ query: `mutation { signIn(input: "${password}") { __typename } }` }),
    JSON.stringify({ query: `{ passwordResetKey(key: ["${key}"]) { __typename } }` }),
    JSON.stringify({ query: `{ ${password.replace(/\W/g, '_')} }` }),
    JSON.stringify({ query: String(SignInDocument), variables: { input: { email, password: [password] } } }),
    JSON.stringify({
      query: String(ResetPasswordDocument),
      variables: { input: { key: { key }, password } },
    }),
    JSON.stringify({ query: String(ResetPasswordDocument), variables: { input: { [password]: key } } }),
    JSON.stringify({ query: String(SignInDocument), operationName: password }),
    JSON.stringify({ query: String(SignInDocument), padding: password.repeat(2_000) }),
    `[${JSON.stringify({ query: String(SignInDocument), variables: { input: { email, password } } })}]`,
  ];
  for (const body of bodies) await caller.send({ body, headers: json });
  const paths = [
    `/reset-password?key=${key}`,
    `/reset-password%23key=${key}`,
    `/reset-password/${key}`,
    `/${password}`,
  ];
  const query = encodeURIComponent(`mutation { signIn(input: ${input}) { __typename } }`);
  const urls = [...paths, `/graphql?query=${query}`, `/${encodeURIComponent(password)}`];
  for (const path of urls) await caller.send({ method: 'GET', path });
  for (const header of ['authorization', 'cookie', 'x-forwarded-for', 'origin', 'user-agent', 'x-request-id']) {
    await caller.send({
      body: '{}',
      headers: { ...json, [header]: `${token} ${key} ${encodeURIComponent(password)}` },
    });
  }
}
