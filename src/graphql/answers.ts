import { ErrorCode } from '../calls/errors.js';

/** An expected failure: its code for programs and its message for people, in English. */
export type Words = readonly [code: ErrorCode, message: (outcome: never) => string];

/** An object of a result union: a success is the outcome unchanged, an expected failure gets `code` and `message`. */
export type Answered<Outcome, Failures> = Outcome extends { readonly kind: infer Kind }
  ? Kind extends keyof Failures
    ? Outcome & { readonly code: ErrorCode; readonly message: string }
    : Outcome
  : never;

/** The failures that every operation can have. */
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
 * Makes the GraphQL result from the outcome of a use case: `kind` is the name of the type in the schema. If a failure
 * has no words here, or an outcome lacks a field of its type, the resolver that returns it does not compile.
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

/** For unions: the name of an object's GraphQL type, which is its `kind`. */
export function typeByKind({ kind }: { readonly kind: string }): string {
  return kind;
}
