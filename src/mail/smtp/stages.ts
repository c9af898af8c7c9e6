/** Where a dialogue stands: what we wait for. `body` is the mail on its way, `end` the answer to its last byte. */
export type SmtpStage =
  | 'connect'
  | 'TLS'
  | 'greeting'
  | 'EHLO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'body'
  | 'end'
  | 'RSET'
  | 'QUIT'
  | 'idle';

const verbs: Readonly<Record<string, SmtpStage>> = {
  EHLO: 'EHLO',
  HELO: 'EHLO',
  STARTTLS: 'STARTTLS',
  AUTH: 'AUTH',
  MAIL: 'MAIL',
  RCPT: 'RCPT',
  DATA: 'DATA',
  RSET: 'RSET',
  QUIT: 'QUIT',
  '.': 'end',
};

/** What nodemailer's log says of an event; we read its kind and the verb, and keep nothing. */
interface Entry {
  readonly tnx?: string;
  readonly remotePort?: number;
}

/**
 * Follows a dialogue through nodemailer's transaction log, because its errors tell neither the stage at which a relay
 * fell silent nor whether the mail was on its way already. Knows pipelining: replies come in the order of the commands.
 */
export class SmtpStages {
  #waiting: SmtpStage[] = [];
  #told: SmtpStage = 'idle';
  #answered: SmtpStage = 'idle';

  /** @param began told each stage once it begins. */
  constructor(private readonly began: (stage: SmtpStage) => void) {}

  get current(): SmtpStage {
    return this.#waiting[0] ?? 'idle';
  }

  /** What the last reply answered. */
  get answered(): SmtpStage {
    return this.#answered;
  }

  begin(stage: SmtpStage): void {
    this.#waiting = [stage];
    this.#tell();
  }

  /** For nodemailer. */
  readonly logger = {
    debug: (entry: Entry, text?: unknown) => {
      if (entry.tnx === 'client') this.#sent(String(text));
      if (entry.tnx === 'server') this.#replied(String(text));
    },
    info: (entry: Entry) => {
      if (entry.tnx === 'network' && entry.remotePort !== undefined) this.begin('greeting');
      if (entry.tnx === 'message' && this.current === 'body') this.#replaceFirst('end');
    },
    warn: () => undefined,
    error: () => undefined,
  };

  #sent(command: string): void {
    // What is no command goes on with AUTH: a name or a password that the relay asked for.
    const stage = verbs[command.split(' ', 1)[0] ?? ''] ?? 'AUTH';
    if (this.current === 'TLS' || (stage === 'end' && this.current === 'body')) this.#waiting.shift();
    this.#waiting.push(stage);
    this.#tell();
  }

  #replied(reply: string): void {
    this.#answered = this.#waiting.shift() ?? 'idle';
    if (this.#answered === 'STARTTLS' && reply.startsWith('2')) this.#waiting.unshift('TLS');
    if (this.#answered === 'DATA' && /^[23]/.test(reply)) this.#waiting.unshift('body');
    this.#tell();
  }

  #replaceFirst(stage: SmtpStage): void {
    this.#waiting[0] = stage;
    this.#tell();
  }

  #tell(): void {
    if (this.current === this.#told) return;
    this.#told = this.current;
    this.began(this.current);
  }
}
