import type { Socket } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SmtpAddress } from '../../settings/smtp-url.js';
import type { OnLine, Parcel } from './parcel.js';
import { openSocket } from './socket.js';
import { type SmtpStage, SmtpStages } from './stages.js';
import type { SmtpTimeouts } from './timeouts.js';

export interface LineOptions {
  readonly address: SmtpAddress;
  /** Our name in EHLO. */
  readonly name: string;
  readonly requireTls: boolean;
  readonly timeouts: SmtpTimeouts;
}

/** A failure and its stage; `cause` is the error of nodemailer or of the system. */
export class LineFault extends Error {
  /** @param wasHandedOver the whole mail was written, and no answer to it came. */
  constructor(
    readonly stage: SmtpStage,
    readonly wasHandedOver: boolean,
    override readonly cause: unknown,
  ) {
    super(`at ${stage}`);
    this.name = 'LineFault';
  }
}

/**
 * One connection to a relay: nodemailer's dialogue, with a timeout for each stage. Callers wait for one method before
 * the next.
 */
export class SmtpLine {
  /** Mails sent over this line, taken or not. */
  mails = 0;
  #stages = new SmtpStages((stage) => this.#began(stage));
  #connection: SMTPConnection | undefined;
  #isOpen = false;
  #parcel: OnLine | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param ended called when the line ends between two mails. */
  constructor(
    private readonly options: LineOptions,
    private readonly ended: () => void,
  ) {}

  /** Whether it can carry a mail now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Connects, with TLS, EHLO and authentication as the settings say. @throws LineFault */
  open(parcel: OnLine): Promise<void> {
    return this.#bounded(parcel, async () => {
      const { address, timeouts } = this.options;
      this.#stages.begin('connect');
      const socket = await openSocket(address, timeouts, parcel.signal);
      if (!this.#fail) return void socket.destroy();
      this.#stages.begin(address.secure ? 'TLS' : 'greeting');
      const connection = this.#converse(socket);
      await called((done) => connection.connect(done));
      const { credentials, authMethod } = address;
      if (credentials && connection.allowsAuth) {
        const auth = {
          credentials: { user: credentials.user, pass: credentials.password },
          method: authMethod ?? (false as const),
        };
        await called((done) => connection.login(auth, done));
      }
      this.#isOpen = true;
    });
  }

  /** @throws LineFault unless the relay took the mail. If the line is still open then, `reset` makes it usable. */
  send(parcel: Parcel): Promise<void> {
    return this.#bounded(parcel, async () => {
      const { from, to, message } = parcel;
      this.mails++;
      const { response } = await answered<{ response: string }>((done) =>
        this.#talking.send({ from, to: [to] }, message, done),
      );
      // Nodemailer looks at the first character only. What is no reply is like silence: the mail may have been taken.
      if (!/^2\d\d(?:[ -]|$)/.test(response)) throw new LineFault('end', true, noReply);
    });
  }

  /** Sends RSET, so that the line can carry another mail after a refusal. @returns whether it can. Never throws. */
  async reset(): Promise<boolean> {
    const patience = { ...noParcel, signal: AbortSignal.timeout(this.options.timeouts.silence) };
    await this.#bounded(patience, () => called((done) => this.#talking.reset(done))).catch(() => this.close());
    return this.#isOpen;
  }

  /** Sends QUIT, and closes the connection after `patience` in any case. */
  quit(): void {
    if (this.#isOpen) this.#connection?.quit();
    this.#isOpen = false;
    setTimeout(() => this.close(), this.options.timeouts.patience).unref();
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  get #talking(): SMTPConnection {
    if (!this.#connection) throw new Error('the line was not opened');
    return this.#connection;
  }

  #converse(socket: Socket): SMTPConnection {
    const { address, name, requireTls, timeouts } = this.options;
    const connection = new SMTPConnection({
      connection: socket,
      host: address.host,
      port: address.port,
      secure: address.secure,
      name,
      servername: address.servername,
      requireTLS: requireTls,
      ignoreTLS: address.ignoreTls,
      // Nodemailer's timeouts know no stages, so they are set longer than ours.
      connectionTimeout: 2 * timeouts.whole,
      greetingTimeout: 2 * timeouts.whole,
      socketTimeout: 3_600_000,
      socketCloseTimeout: 0,
      transactionLog: true,
      logger: this.#stages.logger,
    });
    this.#connection = connection;
    connection.on('error', (error) => this.#lost(error));
    connection.once('end', () => this.#lost(Object.assign(new Error('the line ended'), { code: 'ECONNECTION' })));
    return connection;
  }

  /** The connection broke. An idle line may be ended by the server at any time; the next mail then gets another. */
  #lost(error: unknown): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    const fail = this.#fail;
    // After a 421 nodemailer (10.6.0) ends the line before the refusal has reached us, and the refusal tells more.
    if (fail) setImmediate(() => fail(error));
    else if (wasOpen) this.ended();
  }

  #began(stage: SmtpStage): void {
    clearTimeout(this.#timer);
    if (stage === 'idle') return;
    this.#parcel?.onStage?.(stage);
    const limit = this.#limitOf(stage);
    this.#timer = setTimeout(() => this.#fail?.(silence), limit);
  }

  #limitOf(stage: SmtpStage): number {
    const { dns, connection, greeting, silence: usual, recipient } = this.options.timeouts;
    // `openSocket` has its own bounds, whose errors say more; this timeout is one second longer.
    if (stage === 'connect') return dns + connection + 1_000;
    if (stage === 'greeting') return greeting;
    return stage === 'RCPT' && !this.#parcel?.isRetry ? recipient : usual;
  }

  async #bounded(parcel: OnLine, work: () => Promise<void>): Promise<void> {
    const { signal } = parcel;
    this.#parcel = parcel;
    let stop = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject;
        const abort = () => reject(signal.reason);
        stop = () => signal.removeEventListener('abort', abort);
        signal.addEventListener('abort', abort, { once: true });
        if (signal.aborted) abort();
        else work().then(resolve, reject);
      });
    } catch (error) {
      const fault = this.#faultOf(error);
      if (!isOnlyRefused(error)) this.close();
      throw fault;
    } finally {
      stop();
      clearTimeout(this.#timer);
      this.#fail = undefined;
      this.#parcel = undefined;
    }
  }

  #faultOf(error: unknown): LineFault {
    if (error instanceof LineFault) return error;
    const { command, response } = error as { command?: unknown; response?: unknown };
    const { current, answered } = this.#stages;
    if (!response) return new LineFault(current, current === 'end', error);
    const named = { 'MAIL FROM': 'MAIL', 'RCPT TO': 'RCPT' } as const;
    const stage = named[String(command) as keyof typeof named] ?? (answered === 'idle' ? current : answered);
    return new LineFault(stage, false, error);
  }
}

/** A stage took too long; the code is the one that nodemailer uses. */
const silence = Object.freeze(Object.assign(new Error('silence'), { code: 'ETIMEDOUT' }));
const noReply = Object.freeze(Object.assign(new Error('no reply'), { code: 'EPROTOCOL' }));
const noParcel = { from: '', to: '', message: Buffer.alloc(0), isRetry: true };

/** Whether only this mail was refused. After a 421 and every other error nodemailer closes the connection itself. */
function isOnlyRefused(error: unknown): boolean {
  const { code, responseCode } = (error ?? {}) as { code?: unknown; responseCode?: unknown };
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && typeof responseCode === 'number' && responseCode !== 421;
}

function called(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

function answered<Info>(start: (done: (error: Error | null | undefined, info: Info) => void) => void): Promise<Info> {
  return new Promise((resolve, reject) => start((error, info) => (error ? reject(error) : resolve(info))));
}
