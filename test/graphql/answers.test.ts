import { expect, it } from 'vitest';
import { ErrorCode } from '../../src/calls/errors.js';
import { answersWith, callFailures } from '../../src/graphql/answers.js';
import type { TemporarilyUnavailableType, TooManyRequestsType } from '../../src/graphql/user-error.js';

const answer = answersWith(callFailures);

it('adds code and message to an expected failure, and leaves anything else as it is', () => {
  expect(answer({ kind: 'TooManyRequests', retryAfterSeconds: 42 })).toEqual({
    kind: 'TooManyRequests',
    retryAfterSeconds: 42,
    code: ErrorCode.TOO_MANY_REQUESTS,
    message: 'Too many requests; try again in 42 seconds.',
  });
  expect(answer({ kind: 'SignedIn', accessToken: 'a' })).toEqual({ kind: 'SignedIn', accessToken: 'a' });
});

it('does not compile with a field that is missing, a kind without words, or a type that the union does not have', () => {
  type Result = TooManyRequestsType | TemporarilyUnavailableType;
  const whole: Result = answer({ kind: 'TooManyRequests', retryAfterSeconds: 1 } as const);
  // @ts-expect-error the field is missing
  const missing: Result = answer({ kind: 'TooManyRequests' } as const);
  // @ts-expect-error there is no message for this kind
  const silent: TooManyRequestsType = answersWith({})({ kind: 'TooManyRequests', retryAfterSeconds: 1 } as const);
  // @ts-expect-error not a member
  const foreign: Result = answer({ kind: 'SignedIn', retryAfterSeconds: 1 } as const);
  expect([whole, missing, silent, foreign]).toHaveLength(4);
});
