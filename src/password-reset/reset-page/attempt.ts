import { LatchkeyRequestError } from '../../../schema/sdk/client.js';
import { announce, part } from './views.js';
import { inWords, requestFailures } from './wording.js';

/** Why a try came to nothing for now. The same try can be made again. */
export interface Setback {
  readonly text: string;
  readonly retryAfterSeconds: number;
}

/** Stands in a result's place where there is none. */
export interface NoResult {
  readonly __typename: 'NoResult';
  readonly kind: LatchkeyRequestError['kind'];
}

/** The results of the schema that say "later"; every mutation and look-up of this page can have them. */
type Later = { readonly __typename: 'TooManyRequests' | 'TemporarilyUnavailable'; readonly retryAfterSeconds: number };

/** A call's result; a failure to get one counts as a result too, so that one switch sees everything. */
export async function resultOf<Result>(call: Promise<Result>): Promise<Result | NoResult> {
  return call.catch((error: unknown) => {
    if (error instanceof LatchkeyRequestError) return { __typename: 'NoResult', kind: error.kind };
    throw error;
  });
}

export function setback(result: Later | NoResult): Setback {
  switch (result.__typename) {
    case 'TooManyRequests':
      return { ...result, text: 'Too many tries came from your connection.' };
    case 'TemporarilyUnavailable':
      return { ...result, text: 'We cannot do this at the moment.' };
    case 'NoResult':
      return { text: requestFailures[result.kind], retryAfterSeconds: 0 };
  }
}

/** A member that the schema got after this page was made: every failure has at least a message. */
export function unforeseen(result: never): Setback {
  const { message } = result as { message?: string };
  return { text: message ?? 'The server gave an answer that this page does not know.', retryAfterSeconds: 0 };
}

/**
 * The button of a view's form: one try at a time, and none before its time. It is never disabled as such, because a
 * disabled button drops the focus.
 */
export class Attempt {
  readonly #button = part('submit', HTMLButtonElement);
  readonly #notice = part('notice');
  readonly #label = this.#button.textContent ?? '';
  #held = false;

  constructor(
    private readonly left: AbortSignal,
    private readonly labelMeanwhile: string,
  ) {}

  /** Does nothing while a try is under way or has to wait. */
  async make(work: () => Promise<Setback | undefined>): Promise<void> {
    if (this.#held) return;
    this.#hold(true);
    this.#notice.hidden = true;
    this.#button.textContent = this.labelMeanwhile;
    announce(this.labelMeanwhile);
    const fault = await work().catch(unexpected);
    if (this.left.aborted) return;
    this.#button.textContent = this.#label;
    this.#hold(false);
    if (fault) this.tell(fault);
  }

  /** Tells a setback and counts its seconds down. */
  tell({ text, retryAfterSeconds }: Setback): void {
    const due = Date.now() + retryAfterSeconds * 1000;
    const tick = () => {
      const seconds = Math.ceil((due - Date.now()) / 1000);
      const when = seconds > 0 ? `in ${inSeconds(seconds)}` : 'now';
      this.#notice.textContent = `${text} You can try again ${when}.`;
      if (seconds > 0) return;
      clearInterval(timer);
      this.#hold(false);
      announce(this.#notice.textContent);
    };
    this.#hold(retryAfterSeconds > 0);
    const timer = setInterval(tick, 250);
    this.left.addEventListener('abort', () => clearInterval(timer));
    tick();
    this.#notice.hidden = false;
    announce(this.#notice.textContent ?? '');
  }

  #hold(held: boolean): void {
    this.#held = held;
    this.#button.setAttribute('aria-disabled', String(held));
  }
}

/** Seconds as such up to two minutes, so that the count is seen to go down. */
function inSeconds(seconds: number): string {
  return seconds <= 120 ? (seconds === 1 ? '1 second' : `${seconds} seconds`) : `about ${inWords(seconds + 59)}`;
}

/** A fault of this page. The person can still go on; whoever mends it finds it in the console. */
export function unexpected(error: unknown): Setback {
  console.error(error);
  return { text: 'Something went wrong in this page.', retryAfterSeconds: 0 };
}
