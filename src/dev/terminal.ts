import { styleText } from 'node:util';
import type { DestinationStream } from 'pino';
import type { InboxMail } from './inbox/inbox.js';

type Style = Parameters<typeof styleText>[0];

/** Results of calls that did what was asked. Everything else that is no `error` is a refusal that the client can read. */
export const done = /^(?:PasswordReset\w+|ResetKeyValid|Signed\w+|SignUp(?:Requested|Confirmed)|PasswordChanged)$/;
const hints: Readonly<Record<string, string>> = {
  PasswordResetRequested: 'the same answer for every address; a mail follows',
  SignUpRequested: 'the same answer for every address; a mail follows',
  InvalidResetKey: 'used, expired, superseded, or never one',
};
/** Queries whose result is no union, and what is said where it is null. */
const queries: Readonly<Record<string, string>> = { me: 'nobody is signed in', passwordPolicy: 'none' };
/** Columns that are left to the names of calls. */
const widest = 22;

/** What a developer sees in the terminal: a line for each call, each mail, and each line of the log. */
export class Terminal {
  /** @param print writes one line. @param isColoured whether the terminal shows colours; see `NO_COLOR`. */
  constructor(
    private readonly print: (line: string) => void,
    private readonly isColoured: boolean,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** @param field of the schema's root, such as `resetPassword`. @param result the name of its type, or `error`. */
  called(field: string, result: string): void {
    const absent = result === 'null' ? queries[field] : undefined;
    const isDone = done.test(result) || field in queries;
    const style = result === 'error' ? 'red' : isDone && !absent ? 'green' : 'yellow';
    const hint = hints[result];
    const said = absent ?? (field in queries && result !== 'error' ? 'answered' : result);
    this.#line(field, `${this.#style(style, said)}${hint ? this.#style('dim', `  ${hint}`) : ''}`);
  }

  /** @param url of the page that shows this mail. */
  received({ subject, to, envelope }: Pick<InboxMail, 'subject' | 'to' | 'envelope'>, url: string): void {
    const whom = to || envelope.to.join(', ');
    this.#line('mail', `${this.#style('cyan', plain(subject))} to ${plain(whom)}  ${this.#style('underline', url)}`);
  }

  /** A place for the log: its JSON lines become readable; a line that is no JSON stays as it is. */
  readonly log: DestinationStream = {
    write: (text) => {
      const fields = parsed(text);
      if (!fields) return this.print(text.trimEnd());
      const { level, time: _time, process: _process, pid: _pid, msg, ...rest } = fields;
      // Each call and each mail has its own line.
      if (level === 'info' && (msg === 'request' || rest.outcome === 'sent')) return;
      const style = level === 'warn' ? 'yellow' : level === 'info' ? 'dim' : level === 'debug' ? 'dim' : 'red';
      const more = Object.entries(rest).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
      this.#line(String(level), `${this.#style(style, String(msg))}${this.#style('dim', more.join(''))}`);
    },
  };

  #line(what: string, text: string): void {
    this.print(`${this.#style('dim', this.now().toTimeString().slice(0, 8))}  ${what.padEnd(widest)}${text}`);
  }

  #style(style: Style, text: string): string {
    return this.isColoured && text !== '' ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** Without characters that would move the cursor or change colours: the text comes from a mail. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
