import { type SmtpFailure, smtpFailure } from '../smtp/failure.js';
import type { SmtpLine } from '../smtp/line.js';
import type { Pass } from './breaker.js';
import type { RelayLines } from './lines.js';

/** Replies of a dialogue: to MAIL, RCPT, DATA and the mail itself. */
const answersOfDialogue = 4;

export interface LinesOfRelay {
  readonly lines: RelayLines;
  /** Milliseconds to wait for a line that comes free. */
  readonly patience: number;
  readonly admit: () => Pass | undefined;
  /** Called with the reason why a line could not be opened. */
  readonly tell: (failure: SmtpFailure) => void;
}

/**
 * Holds a line as a mail would until `work` ends, and sends no mail. Opens the line if a mail would have to.
 *
 * @param work gets a function that asks the relay for as many replies as a mail does (RSET), and calls back before each.
 * @returns false when no line was free or could be opened.
 */
export async function holdLine(
  relay: LinesOfRelay,
  signal: AbortSignal,
  work: (askAround: (before: () => void) => Promise<void>) => Promise<void>,
): Promise<boolean> {
  const line = await openLine(relay, signal);
  if (!line) return false;
  try {
    await work(async (before) => {
      for (let answers = 0; answers < answersOfDialogue && line.isOpen; answers++) {
        before();
        await line.reset();
      }
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
