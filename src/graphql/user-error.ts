import { Field, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { ErrorCode } from '../calls/errors.js';

registerEnumType(ErrorCode, {
  name: 'ErrorCode',
  description: 'Every code that an expected failure can carry. Example: `INVALID_RESET_KEY`.',
  valuesConfig: {
    INVALID_EMAIL_ADDRESS: { description: 'The text is not one plain e-mail address. Example: `alice@localhost`.' },
    EMAIL_ADDRESS_TAKEN: { description: 'There is an account with this address already (only where sign-up is open).' },
    SIGN_UP_DISABLED: { description: 'This server does not allow sign-up.' },
    SIGN_IN_DISABLED: { description: 'Nobody signs in at this server.' },
    INVALID_CREDENTIALS: { description: 'The address and the password do not match an account.' },
    UNAUTHENTICATED: { description: 'The access token is missing, expired or revoked.' },
    INVALID_RESET_KEY: { description: 'The key is not valid, or no longer valid; `reason` says why.' },
    PASSWORD_REJECTED: {
      description: 'The password breaks the policy; `violations` say how. The reset key stays valid.',
    },
    TOO_MANY_REQUESTS: {
      description: 'This client called too often; `retryAfterSeconds` says when it may call again.',
    },
    TEMPORARILY_UNAVAILABLE: {
      description: 'A part of the service is unavailable or overloaded; the same call may be made again.',
    },
  },
});

@InterfaceType({
  description:
    'An expected outcome that is not success. Every failure type of every result union implements it, so a client can also handle failures that are newer than itself. Example: `... on UserError { code message }`.',
})
export abstract class UserError {
  @Field(() => ErrorCode, { description: 'For programs. Example: `TOO_MANY_REQUESTS`.' })
  code!: ErrorCode;

  @Field(() => String, {
    description: 'For people, in English. Example: `Too many requests; try again in 42 seconds.`',
  })
  message!: string;
}

@ObjectType('TooManyRequests', {
  implements: UserError,
  description:
    'This client called too often. Does not depend on whether an account exists. Example: `{ retryAfterSeconds: 42 }`.',
})
export class TooManyRequestsType extends UserError {
  readonly kind!: 'TooManyRequests';

  @Field(() => Int, { description: 'Seconds until a call is accepted again. Example: `42`.' })
  retryAfterSeconds!: number;
}

@ObjectType('TemporarilyUnavailable', {
  implements: UserError,
  description:
    'A part of the service is unavailable or overloaded; the same call may be made again. A `resetPassword` that had succeeded then reports success again. Example: `{ retryAfterSeconds: 5 }`.',
})
export class TemporarilyUnavailableType extends UserError {
  readonly kind!: 'TemporarilyUnavailable';

  @Field(() => Int, { description: 'Seconds after which a new try makes sense. Example: `5`.' })
  retryAfterSeconds!: number;
}
