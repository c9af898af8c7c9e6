import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

type Stage = 'MAIL' | 'RCPT' | 'DATA';
/** What the relay answers at a stage; undefined lets it pass. */
export type Answers = (stage: Stage, count: number) => { code: number; text: string } | undefined;

/** A relay that answers as it is told. */
export async function startSmtpSink(answers: Answers) {
  const seen: Record<Stage, number> = { MAIL: 0, RCPT: 0, DATA: 0 };
  const taken: string[] = [];
  const at = (stage: Stage) => {
    const answer = answers(stage, ++seen[stage]);
    return answer ? Object.assign(new Error(answer.text), { responseCode: answer.code }) : null;
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onMailFrom: (_address, _session, done) => done(at('MAIL')),
    onRcptTo: (_address, _session, done) => done(at('RCPT')),
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refusal = at('DATA');
        if (!refusal) taken.push(Buffer.concat(chunks).toString());
        done(refusal);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    seen,
    taken,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
