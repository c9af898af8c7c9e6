import { createLatchkeyClient, type LatchkeyClient } from '../../../schema/sdk/client.js';
import { type Answer, json, type Request, send } from '../attack.js';
import { LimitReached } from './findings.js';

export interface CallerOptions {
  /** Its own address; the system's choice if undefined. */
  readonly from?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a refusal by a limit of the target ends the attack. */
  readonly stopsAtLimits?: boolean;
}

/** A client of the target, at one address, which takes the target's APIs in turn. */
export class Caller {
  #turn = 0;

  constructor(
    readonly urls: readonly string[],
    private readonly options: CallerOptions = {},
  ) {}

  get from(): string | undefined {
    return this.options.from;
  }

  /** The URL of the API whose turn it is. */
  url(): string {
    return this.urls[this.#turn++ % this.urls.length] ?? '';
  }

  /** Sends any request; headers are those given, and the caller's own. */
  async send(request: Request, url = this.url()): Promise<Answer> {
    const headers = { ...this.options.headers, ...request.headers };
    const answer = await send(url, { ...request, headers, from: this.options.from });
    if (this.options.stopsAtLimits && /"__typename":"TooManyRequests"/.test(answer.body)) throw new LimitReached();
    return answer;
  }

  /** Posts a body as JSON; a text as it is. */
  post(body: unknown, headers: Readonly<Record<string, string>> = {}, url = this.url()): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.send({ headers: { ...json, ...headers }, body: text }, url);
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send({ method: 'GET', path, headers });
  }

  /** The SDK's client at this address. */
  get client(): LatchkeyClient {
    return this.as(undefined);
  }

  /** The SDK's client, with an access token. */
  as(accessToken: string | undefined): LatchkeyClient {
    const url = this.urls[0] ?? '';
    return createLatchkeyClient({
      url,
      accessToken: () => accessToken,
      timeoutMs: 60_000,
      fetch: async (_url, init) => {
        const headers = Object.fromEntries(new Headers(init?.headers));
        const { status, body } = await this.send({ headers, body: String(init?.body) });
        return new Response(body, { status });
      },
    });
  }
}
