import { type SmtpFailure, smtpFailure } from '../smtp/failure.js';
import type { SmtpLine } from '../smtp/line.js';
import type { Pass } from './breaker.js';
import type { RelayLines } from './lines.js';

/** MAIL, RCPT, DATA and the mail itself. */
const answersOfDialogue = 4;

export interface LinesOfRelay {
  readonly lines: RelayLines;
  /** Milliseconds to wait for a line that comes free. */
  readonly patience: number;
  readonly admit: () => Pass | undefined;
  /** Told why a line could not be opened. */
  readonly tell: (failure: SmtpFailure) => void;
}

/**
 * Takes up a line as a mail would, opened where a mail would open it, until `work` ends, and sends nothing.
 *
 * @param work told how to ask the relay as often as a mail would, for nothing.
 * @returns false when there was no line to be had.
 */
export async function holdLine(
  relay: LinesOfRelay,
  signal: AbortSignal,
  work: (askAround: () => Promise<void>) => Promise<void>,
): Promise<boolean> {
  const line = await openLine(relay, signal);
  if (!line) return false;
  try {
    await work(async () => {
      for (let answers = 0; answers < answersOfDialogue && line.isOpen; answers++) await line.reset();
    });
  } finally {
    relay.lines.giveBack(line);
  }
  return true;
}

async function openLine(relay: LinesOfRelay, signal: AbortSignal): Promise<SmtpLine | undefined> {
  for (;;) {
    const line = await relay.lines.take(AbortSignal.any([signal, AbortSignal.timeout(relay.patience)]));
    if (!line || line.isOpen) return line;
    const pass = relay.admit();
    try {
      await line.open({ signal, isRetry: false });
      pass?.answered();
      return line;
    } catch (error) {
      relay.lines.drop(line);
      const failure = smtpFailure(error);
      if (failure.relayDown) pass?.failed();
      else pass?.undecided();
      if (failure.isCrowded && relay.lines.shrink() && !signal.aborted) continue;
      relay.tell(failure);
      return undefined;
    }
  }
}
