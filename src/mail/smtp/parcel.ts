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
  /** Told once its line is open, and how many milliseconds that took. */
  readonly onReady?: (milliseconds: number) => void;
  /** Told each stage that the dialogue comes to. */
  readonly onStage?: ((stage: SmtpStage) => void) | undefined;
}

/** What the line needs to know of what goes over it. */
export type OnLine = Pick<Parcel, 'isRetry' | 'signal' | 'onStage'>;
