/** What is wrong with the shape: only another file mends it, or another table. */
export interface TableFault {
  readonly key: string;
  readonly fault: string;
}

export interface Verdict {
  readonly faults: readonly TableFault[];
  /** What the process may not do, in words of PostgreSQL: `permission denied for table users`. */
  readonly forbidden: readonly string[];
}

/** Which statements the process will run; the others are explained for their faults alone. */
export interface Duties {
  readonly findsByAddress: boolean;
  readonly resets: boolean;
}
