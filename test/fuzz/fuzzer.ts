import type fc from 'fast-check';

/** A case broke a promise; the message says which one. */
export class Finding extends Error {
  override name = 'Finding';
}

/** What the cases of a fuzzer are sent to. */
export interface Target<Case> {
  /**
   * @returns the kind of the result, which the report counts.
   * @throws Finding when a promise is broken; every other error is a finding, too.
   */
  judge(each: Case): string | Promise<string>;
  /** Called after every stretch of cases: an honest call has to work. @throws Finding */
  rest?(): Promise<void>;
  /** Called after the last stretch. @throws Finding */
  finish?(): Promise<void>;
  close(): Promise<void>;
}

/** How a target is opened. */
export interface Opening {
  /** Whether times and memory are judged. Only the command does: tests must not fail because a machine is slow. */
  readonly measured: boolean;
  /** Milliseconds of a clock that only rises; `performance.now` by default. */
  readonly now?: () => number;
  /** KiB that a process holds; as Linux says by default. */
  readonly memoryOf?: (pid: number) => number;
}

/** A generator of cases and what judges them. Cases are JSON values, so that a finding can be kept in a file. */
export interface Fuzzer<Case> {
  readonly name: string;
  readonly cases: fc.Arbitrary<Case>;
  open(opening: Opening): Promise<Target<Case>>;
}

/** Makes a fuzzer whose subject is a function, so that nothing has to be opened. */
export function pure<Case>(name: string, cases: fc.Arbitrary<Case>, judge: (each: Case) => string): Fuzzer<Case> {
  return { name, cases, open: async () => ({ judge, close: async () => undefined }) };
}
