import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

type Stage = 'MAIL' | 'RCPT' | 'DATA';
type Refusal = { code: number; text: string } | undefined;
/**
 * What the relay answers at a stage; undefined lets it pass, and a promise makes it wait. `address`: at RCPT, whom the mail
 * is for; else empty.
 */
export type Answers = (stage: Stage, count: number, address: string) => Refusal | Promise<Refusal>;

/** A relay that answers as it is told. */
export async function startSmtpSink(answers: Answers) {
  const seen: Record<Stage, number> = { MAIL: 0, RCPT: 0, DATA: 0 };
  const taken: string[] = [];
  const at = async (stage: Stage, address = '') => {
    const answer = await answers(stage, ++seen[stage], address);
    return answer ? Object.assign(new Error(answer.text), { responseCode: answer.code }) : null;
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onMailFrom: (_address, _session, done) => void at('MAIL').then(done),
    onRcptTo: ({ address }, _session, done) => void at('RCPT', address).then(done),
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        const refusal = await at('DATA');
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
