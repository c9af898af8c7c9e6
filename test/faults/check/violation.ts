/** A promise (`docs/faults.md`) that was broken. */
export interface Violation {
  /** The name of the check: `I1` to `I6`, `M1` to `M6`, `register`, `answers`, `secrets` ... */
  readonly check: string;
  /** Milliseconds since the epoch. The report counts the operations that had ended by then. */
  readonly at: number;
  readonly text: string;
}
