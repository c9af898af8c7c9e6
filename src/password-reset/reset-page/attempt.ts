import { LatchkeyRequestError } from '../../../schema/sdk/call.js';
import { announce, part } from './views.js';
import { say, together, wait } from './wording.js';

/** Why a try failed for now, in words for the person. The same try can be made again after `retryAfterSeconds`. */
export interface Setback {
  readonly text: string;
  readonly retryAfterSeconds: number;
}

/** Stands for the result of a call that got none. */
export interface NoResult {
  readonly __typename: 'NoResult';
  readonly kind: LatchkeyRequestError['kind'];
}

/** The schema's results that mean "try again later"; every call of this page but the policy's can have them. */
type Later = { readonly __typename: 'TooManyRequests' | 'TemporarilyUnavailable'; readonly retryAfterSeconds: number };

/**
 * A call's result, or `NoResult` when the call failed, so that one switch handles both.
 *
 * @throws what the call threw, if it is no `LatchkeyRequestError`: a bug.
 */
export async function resultOf<Result>(call: Promise<Result>): Promise<Result | NoResult> {
  return call.catch((error: unknown) => {
    if (error instanceof LatchkeyRequestError) return { __typename: 'NoResult', kind: error.kind };
    throw error;
  });
}

/**
 * What the page says of a result that ends a try for now.
 *
 * @param uncertain the text to add where the call may have worked, and only its answer was lost. True of the calls that
 *   set a password, because the same one again succeeds again.
 */
export function setback(result: Later | NoResult, uncertain?: string): Setback {
  switch (result.__typename) {
    case 'TooManyRequests':
      return { ...result, text: say('too-many') };
    case 'TemporarilyUnavailable':
      return { ...result, text: say('unavailable') };
    case 'NoResult': {
      const text = say(result.kind);
      const isCertain = uncertain === undefined || result.kind === 'refused';
      return { text: isCertain ? text : together(text, say(uncertain)), retryAfterSeconds: 0 };
    }
    default:
      return unforeseen(result);
  }
}

/** A result type that is newer than this page: shows its message, which every failure type has. */
function unforeseen(result: never): Setback {
  const { message } = result as { message?: string };
  return { text: message ?? say('unforeseen'), retryAfterSeconds: 0 };
}

/**
 * The submit button of a view's form: allows one try at a time, and none before a wait is over. The button is never
 * `disabled`, only `aria-disabled`, because a disabled button loses the focus.
 */
export class Attempt {
  private readonly button = part('submit', HTMLButtonElement);
  private readonly notice = part('notice');
  private readonly label = this.button.textContent ?? '';
  private held = false;

  constructor(
    private readonly left: AbortSignal,
    private readonly labelMeanwhile: string,
  ) {}

  /** Runs `work` unless another try is under way or has to wait; shows the setback if there is one. Never rejects. */
  async make(work: () => Promise<Setback | undefined>): Promise<void> {
    if (this.held) return;
    this.hold(true);
    this.notice.hidden = true;
    this.button.textContent = this.labelMeanwhile;
    announce(this.labelMeanwhile);
    const fault = await work().catch(unexpected);
    if (this.left.aborted) return;
    this.button.textContent = this.label;
    this.hold(false);
    if (fault) this.tell(fault);
  }

  /** Shows a setback, counts its seconds down, and blocks the button until then. */
  tell({ text, retryAfterSeconds }: Setback): void {
    const due = Date.now() + retryAfterSeconds * 1000;
    const tick = () => {
      const seconds = Math.ceil((due - Date.now()) / 1000);
      const again = seconds > 0 ? say('again-in', { wait: wait(seconds) }) : say('again-now');
      this.notice.textContent = together(text, again);
      if (seconds > 0) return;
      clearInterval(timer);
      this.hold(false);
      announce(this.notice.textContent);
    };
    this.hold(retryAfterSeconds > 0);
    const timer = setInterval(tick, 250);
    this.left.addEventListener('abort', () => clearInterval(timer));
    tick();
    this.notice.hidden = false;
    announce(this.notice.textContent ?? '');
  }

  private hold(held: boolean): void {
    this.held = held;
    this.button.setAttribute('aria-disabled', String(held));
  }
}

/** For a bug of this page: the error goes to the console, and the person can try again. */
export function unexpected(error: unknown): Setback {
  console.error(error);
  return { text: say('fault'), retryAfterSeconds: 0 };
}
