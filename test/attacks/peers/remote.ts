import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Inbox, type InboxMail } from '../../../src/dev/inbox/inbox.js';
import { packageFolder } from '../../../src/package-files.js';
import { Latchkey } from '../../support/processes.js';
import { type Answer, type Request, send } from '../attack.js';
import { rowsOf } from './lab.js';
import type { Account, Call, Database, Lab } from './peer.js';

/** Strong enough for the rules of all of them, and short enough. */
export const password = 'the password that gets lost';

/** A peer's processes, database and mailbox. */
export class Remote {
  url = '';
  readonly #processes: Latchkey[] = [];

  private constructor(
    private readonly lab: Lab,
    readonly database: Database,
    readonly inbox: Inbox,
    private readonly folder: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  static async open(lab: Lab, folder: string, settings: Readonly<Record<string, string>>): Promise<Remote> {
    const database = await lab.emptyDatabase();
    const inbox = await Inbox.start({ keep: 100_000 });
    const all = { NODE_ENV: 'production', DATABASE_URL: database.url, SMTP_URL: inbox.smtpUrl, ...settings };
    return new Remote(lab, database, inbox, join(packageFolder, 'test/attacks/peers', folder), all);
  }

  /** Starts `server.mjs`. @returns what `pattern` finds in its output. */
  async start(args: readonly string[], pattern: RegExp): Promise<string> {
    const started = Latchkey.of(join(this.folder, 'server.mjs'), args, { settings: this.settings, cwd: this.folder });
    this.#processes.push(started);
    return started.said(pattern, 120_000);
  }

  send(request: Request): Promise<Answer> {
    return send(this.url, { ...request, from: request.from ?? this.lab.stranger() });
  }

  /** Posts JSON; a caller that has not called before unless `call` names one. */
  post(path: string, body: unknown, { from, headers }: Call = {}): Promise<Answer> {
    return this.send({
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(from ? { from } : {}),
    });
  }

  newAccount(email = `owner-${randomBytes(6).toString('hex')}@mail.example`): Account {
    return { email, password };
  }

  mails(): readonly InboxMail[] {
    return this.inbox.mails();
  }

  stored(): Promise<string> {
    return rowsOf(this.database);
  }

  stranger(): string {
    return this.lab.stranger();
  }

  /** Waits until no mail came for a while: a peer does not tell whether one is on its way. */
  async quiet(): Promise<void> {
    for (let still = 0, count = -1; still < 6; ) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const now = this.inbox.mails().length;
      still = now === count ? still + 1 : 0;
      count = now;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.stop('SIGKILL')));
    await this.inbox.stop();
    await this.database.drop();
  }
}
