import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { now, type Recording, type Taken } from './recording.js';

export type Stage = 'greeting' | 'MAIL' | 'RCPT' | 'DATA';
export type RelayFault =
  | { readonly does: 'delay'; readonly stage: Stage; readonly ms: number }
  | { readonly does: 'refuse'; readonly stage: Stage; readonly code: number }
  | { readonly does: 'drop'; readonly stage: Stage };

interface RelayOptions {
  readonly recording: Recording;
  /** Which worker's line comes from this port, and whether it was hurt. */
  readonly lineOf: (port: number) => { worker: string; hurt: boolean };
  readonly recordOf: (key: string) => Promise<Taken['record']>;
}

/** The mail server that we hand mails to. It can answer, wait, refuse and hang up at every stage. */
export class Relay {
  readonly #server: SMTPServer;
  readonly #sockets = new Map<number, Socket>();
  #fault: RelayFault | undefined;

  private constructor(private readonly options: RelayOptions) {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      onConnect: (session, done) => this.#at('greeting', session, done),
      onMailFrom: (_address, session, done) => this.#at('MAIL', session, done),
      onRcptTo: (_address, session, done) => this.#at('RCPT', session, done),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => void this.#take(Buffer.concat(chunks), session, done));
      },
    });
    this.#server.on('error', () => undefined);
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    relay.#server.server.on('connection', (socket: Socket) => {
      const port = socket.remotePort ?? 0;
      relay.#sockets.set(port, socket);
      socket.once('close', () => relay.#sockets.delete(port));
    });
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server.server, 'listening');
    return relay;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  set fault(fault: RelayFault | undefined) {
    this.#fault = fault;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #at(stage: Stage, session: SMTPServerSession, done: (error?: Error | null) => void): Promise<void> {
    const fault = this.#fault;
    if (fault?.stage !== stage) return done();
    if (fault.does === 'delay') {
      await sleep(fault.ms);
      return done();
    }
    if (fault.does === 'refuse') {
      const enhanced = { 535: '5.7.8', 530: '5.7.0', 554: '5.7.1', 550: '5.1.1' }[fault.code];
      const text = `${enhanced ? `${enhanced} ` : ''}refused at ${stage}`;
      return done(Object.assign(new Error(text), { responseCode: fault.code }));
    }
    this.#hangUp(session);
  }

  async #take(source: Buffer, session: SMTPServerSession, done: (error?: Error | null) => void): Promise<void> {
    const received = now();
    const { worker } = this.options.lineOf(session.remotePort);
    const mail = await PostalMime.parse(source);
    const messageId = mail.messageId ?? '';
    const key = /#key=([A-Za-z0-9_-]{43})/.exec(mail.text ?? '')?.[1];
    const record = key === undefined ? undefined : await this.options.recordOf(key);
    let refused: Error | null | undefined;
    await this.#at('DATA', session, (error) => {
      refused = error ?? null;
    });
    // Hung up on, or refused: no 250 existed.
    if (refused !== null) return refused && done(refused);
    done();
    this.options.recording.take({
      messageId,
      jobId: messageId.replace(/^<([^.]+)\..*$/, '$1'),
      to: mail.to?.[0]?.address ?? '',
      subject: mail.subject ?? '',
      key,
      received,
      answered: now(),
      worker,
      lineHurt: this.options.lineOf(session.remotePort).hurt,
      record,
    });
  }

  #hangUp(session: SMTPServerSession): void {
    this.#sockets.get(session.remotePort)?.destroy();
  }
}
