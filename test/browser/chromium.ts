import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** The headless shell comes first: it has the same engine, and opens a page three times as fast. */
export const chromiumPath = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

/** For `describe.skipIf`. `whyNot` is the reason, to be added to the name of the tests. */
export const noChromium = chromiumPath === undefined;
export const whyNot = noChromium ? ' (skipped: no Chromium is installed; CHROMIUM_PATH can name one)' : '';

/** Turns off requests that Chromium makes by itself, so that every request comes from the page. */
const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Every request of the page, in order. */
  readonly sent: readonly SentRequest[];
  /** Errors in the console, and uncaught errors. */
  readonly errors: readonly string[];
  /** Evaluates an expression in the page. A string, because the tests are type-checked without the DOM's types. */
  read<Value>(expression: string): Promise<Value>;
  /** Answers calls of one root field with this result instead of the server, `times` times or always. */
  answer(field: string, result: object, times?: number): Promise<void>;
}

export class TestBrowser {
  #contexts: BrowserContext[] = [];

  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<TestBrowser> {
    return new TestBrowser(await chromium.launch({ executablePath: chromiumPath ?? '', args: flags }));
  }

  /** Opens a page with a new browser profile. */
  async visit(options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.browser.newContext(options);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const sent: SentRequest[] = [];
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('request', (request) =>
      sent.push({
        method: request.method(),
        url: request.url(),
        body: request.postData() ?? '',
        headers: request.headers(),
      }),
    );
    return {
      page,
      context,
      sent,
      errors,
      read: <Value>(expression: string) => page.evaluate<Value>(expression),
      answer: async (field, result, times = Number.POSITIVE_INFINITY) => {
        let left = times;
        await page.route('**/graphql', (route) => {
          if (!asks(route.request().postData() ?? '', field) || left-- <= 0) return route.fallback();
          return route.fulfill({ json: { data: { [field]: result } } });
        });
      },
    };
  }

  async leaveAll(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }
}

/** Whether the body of a call to GraphQL asks for this root field. */
export function asks(body: string, field: string): boolean {
  return new RegExp(`\\{\\s*${field}\\b`).test((JSON.parse(body || '{"query":""}') as { query: string }).query);
}
