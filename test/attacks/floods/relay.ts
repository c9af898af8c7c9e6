import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** Milliseconds that a mail takes. */
const dialogue = 60;

/**
 * A relay that takes 60 ms for a mail, and asks recipients' servers while we wait.
 *
 * @param answersAfter milliseconds until a recipient is answered; Infinity is never.
 */
export async function startRelay(answersAfter: (address: string) => number = () => 0) {
  /** When a mail for an address was taken first, on the clock of `performance`. */
  const taken = new Map<string, number>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onRcptTo({ address }, _session, done) {
      const ms = answersAfter(address);
      if (ms === 0) done();
      else if (Number.isFinite(ms)) setTimeout(done, ms).unref();
    },
    onData(stream, session, done) {
      stream.resume();
      stream.on('end', () => {
        setTimeout(() => {
          for (const { address } of session.envelope.rcptTo)
            if (!taken.has(address)) taken.set(address, performance.now());
          done();
        }, dialogue);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    taken,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
