/** A promise that was seen broken. */
export interface Violation {
  /** Which: `I1` to `I6`, `M1` to `M6`, `register`, `answers`, `secrets` … */
  readonly check: string;
  /** Milliseconds since the epoch; how many operations had ended by then is counted from it. */
  readonly at: number;
  readonly text: string;
}
