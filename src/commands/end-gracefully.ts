import { shutdownGrace } from '../calls/deadline.js';
import { describeFault } from '../observability/log.js';

/** Milliseconds. */
export interface Patience {
  /** Time until a process that was told to end is ended forcibly; longer than one SMTP dialogue. */
  readonly grace: number;
  /** Within this time a second signal counts as a repetition of the first. */
  readonly echo: number;
}

const usual: Patience = { grace: shutdownGrace, echo: 2_000 };

/**
 * Handles signals (exit code 0) and uncaught errors (exit code 1): both call `close` and then end the process.
 * Terminals, npm and supervisors may send a signal twice, so a repetition changes nothing; only a SIGINT that comes
 * later than `echo` ends the process immediately. (The package close-with-grace ends at every second signal, without an
 * option for this.)
 *
 * @param announce called before `close` with the reason: the signal's name, or `error`.
 */
export function endGracefully(
  close: () => Promise<void>,
  announce: (reason: string) => void,
  { grace, echo }: Patience = usual,
): void {
  let begunAt: number | undefined;
  const end = (reason: string, code: 0 | 1) => {
    begunAt = performance.now();
    setTimeout(() => process.exit(1), grace);
    announce(reason);
    close().then(
      () => process.exit(code),
      (error: unknown) => {
        tell(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const) {
    process.on(signal, () => {
      if (begunAt === undefined) end(signal, 0);
      else if (signal === 'SIGINT' && performance.now() - begunAt > echo) process.exit(1);
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      tell(error);
      if (begunAt === undefined) end('error', 1);
      else process.exit(1);
    });
  }
}

function tell(error: unknown): void {
  process.stderr.write(`${JSON.stringify({ level: 'fatal', fault: describeFault(error) })}\n`);
}
