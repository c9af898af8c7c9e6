import { shutdownGrace } from '../calls/deadline.js';
import { describeFault } from '../observability/log.js';

/** Milliseconds. */
export interface Patience {
  /** Until a process that was told to end ends whatever happens; longer than one SMTP dialogue. */
  readonly grace: number;
  /** Within which a second signal is the first one, said again. */
  readonly echo: number;
}

const usual: Patience = { grace: shutdownGrace, echo: 2_000 };

/**
 * One owner of the signals and of what nobody caught: both end the process by `close`, with exit code 0 or 1. Terminals,
 * npm and supervisors may say the same twice, which means no more than once; only somebody who interrupts again after a
 * while wants the end at any price. (close-with-grace takes every second signal for that, and cannot be told otherwise.)
 *
 * @param announce hears why, before `close` is called: the signal's name, or `error`.
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
