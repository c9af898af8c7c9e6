import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export type SinkStage = 'greeting' | 'MAIL' | 'RCPT' | 'DATA';
/** A refusal, or `drop`: the connection is closed without an answer. Undefined is the usual answer. */
export type SinkAnswer = { readonly code: number; readonly text: string } | 'drop' | undefined;
export interface Dialogue {
  /** The mail as it was sent, with headers; empty before DATA. */
  readonly source: string;
  /** The port of the caller's end of the connection. */
  readonly port: number;
}
/**
 * What the relay answers at a stage; a promise makes the caller wait. At DATA the mail is already there.
 *
 * @param count how often this stage has been reached, on all connections.
 * @param address the recipient, at RCPT and DATA; empty before.
 */
export type Answers = (
  stage: SinkStage,
  count: number,
  address: string,
  dialogue: Dialogue,
) => SinkAnswer | Promise<SinkAnswer>;

export interface SinkOptions {
  /** Keeps no mails in `taken`, for runs with thousands of them. */
  readonly forgets?: boolean;
}

/** A relay that answers as the test says, on `smtp-server`. `raw-relay.ts` can also send broken and cut replies. */
export async function startSmtpSink(answers: Answers, { forgets = false }: SinkOptions = {}) {
  const seen: Record<SinkStage, number> = { greeting: 0, MAIL: 0, RCPT: 0, DATA: 0 };
  const taken: string[] = [];
  const connections = new Map<number, Socket>();
  /** @param done gets a refusal, or null; not called when the connection was dropped. */
  async function at(
    stage: SinkStage,
    { remotePort: port }: SMTPServerSession,
    done: (refusal: Error | null) => void,
    address = '',
    source = '',
  ): Promise<void> {
    const answer = await answers(stage, ++seen[stage], address, { source, port });
    if (answer === 'drop') connections.get(port)?.destroy();
    else done(answer ? Object.assign(new Error(answer.text), { responseCode: answer.code }) : null);
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    // `stop` closes connections that still wait for an answer after 500 ms.
    closeTimeout: 500,
    onConnect: (session, done) => void at('greeting', session, done),
    onMailFrom: (_address, session, done) => void at('MAIL', session, done),
    onRcptTo: ({ address }, session, done) => void at('RCPT', session, done, address),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const source = Buffer.concat(chunks).toString();
        const finish = (refusal: Error | null) => {
          if (!refusal && !forgets) taken.push(source);
          done(refusal);
        };
        void at('DATA', session, finish, session.envelope.rcptTo[0]?.address, source);
      });
    },
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    connections.set(port, socket);
    socket.once('close', () => connections.delete(port));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    seen,
    taken,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
