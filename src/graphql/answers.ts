import { ErrorCode } from '../calls/errors.js';

/** An expected failure: its code for programs, and what it says to people, in English. */
export type Words = readonly [code: ErrorCode, message: (outcome: never) => string];

/** The object of a result union: an outcome as it is, an expected failure with `code` and `message`. */
export type Answered<Outcome, Failures> = Outcome extends { readonly kind: infer Kind }
  ? Kind extends keyof Failures
    ? Outcome & { readonly code: ErrorCode; readonly message: string }
    : Outcome
  : never;

/** Failures of every call. */
export const callFailures = {
  TooManyRequests: [
    ErrorCode.TOO_MANY_REQUESTS,
    ({ retryAfterSeconds }: { retryAfterSeconds: number }) =>
      `Too many requests; try again in ${retryAfterSeconds} seconds.`,
  ],
  TemporarilyUnavailable: [
    ErrorCode.TEMPORARILY_UNAVAILABLE,
    ({ retryAfterSeconds }: { retryAfterSeconds: number }) =>
      `Temporarily unavailable; try again in ${retryAfterSeconds} seconds.`,
  ],
} as const;

/**
 * Makes what GraphQL answers from what a use case says: `kind` is the name of the type in the schema. A failure without
 * words here, or an outcome without a field of its type, does not compile where the resolver returns it.
 *
 * @param failures the words for each kind of failure.
 */
export function answersWith<const Failures extends Readonly<Record<string, Words>>>(failures: Failures) {
  return <Outcome extends { readonly kind: string }>(outcome: Outcome): Answered<Outcome, Failures> => {
    const [code, message] = failures[outcome.kind] ?? [];
    const said = code && message ? { code, message: message(outcome as never) } : {};
    return { ...outcome, ...said } as Answered<Outcome, Failures>;
  };
}

/** For unions: the type of an object by its `kind`. */
export function typeByKind({ kind }: { readonly kind: string }): string {
  return kind;
}
