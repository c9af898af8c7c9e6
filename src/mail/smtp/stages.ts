/** The reply that a dialogue waits for. `body`: the mail is being sent; `end`: the reply after its last byte. */
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

/** An entry of nodemailer's log. Only its kind and the command's verb are read; nothing is kept. */
interface Entry {
  readonly tnx?: string;
  readonly remotePort?: number;
}

/**
 * Follows a dialogue through nodemailer's transaction log, because its errors tell neither the stage at which a relay
 * fell silent nor whether the mail was being sent already. With pipelining, replies come in the order of the commands.
 */
export class SmtpStages {
  #waiting: SmtpStage[] = [];
  #told: SmtpStage = 'idle';
  #answered: SmtpStage = 'idle';

  /** @param began called with each stage when it begins. */
  constructor(private readonly began: (stage: SmtpStage) => void) {}

  get current(): SmtpStage {
    return this.#waiting[0] ?? 'idle';
  }

  /** The stage that the last reply ended. */
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
    // A line without a known verb belongs to AUTH: a name or a password that the relay asked for.
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
