import type { SmtpStage } from './stages.js';

/** One mail as it goes over a line. */
export interface Parcel {
  readonly from: string;
  readonly to: string;
  readonly message: Buffer;
  /** Waits longer at RCPT than a first attempt. */
  readonly isRetry: boolean;
  /** Ends the dialogue, wherever it is. */
  readonly signal: AbortSignal;
  /** Called once the line is open, with the milliseconds that this took. */
  readonly onReady?: (milliseconds: number) => void;
  /** Called with each stage that the dialogue reaches. */
  readonly onStage?: ((stage: SmtpStage) => void) | undefined;
}

/** The members that a line needs besides the mail itself. */
export type OnLine = Pick<Parcel, 'isRetry' | 'signal' | 'onStage'>;
