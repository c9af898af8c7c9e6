/**
 * Every code that a client can see. Expected outcomes carry an `ErrorCode` as data (the interface `UserError`);
 * malformed operations and bugs are GraphQL errors whose `extensions.code` is a `RequestErrorCode`.
 */
export enum ErrorCode {
  INVALID_EMAIL_ADDRESS = 'INVALID_EMAIL_ADDRESS',
  EMAIL_ADDRESS_TAKEN = 'EMAIL_ADDRESS_TAKEN',
  SIGN_UP_DISABLED = 'SIGN_UP_DISABLED',
  SIGN_IN_DISABLED = 'SIGN_IN_DISABLED',
  INVALID_CREDENTIALS = 'INVALID_CREDENTIALS',
  UNAUTHENTICATED = 'UNAUTHENTICATED',
  INVALID_RESET_KEY = 'INVALID_RESET_KEY',
  PASSWORD_REJECTED = 'PASSWORD_REJECTED',
  TOO_MANY_REQUESTS = 'TOO_MANY_REQUESTS',
  TEMPORARILY_UNAVAILABLE = 'TEMPORARILY_UNAVAILABLE',
}

/** Codes of thrown GraphQL errors. `BAD_REQUEST` to `OPERATION_RESOLUTION_FAILURE` are Apollo Server's names. */
export const requestErrorCodes = [
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'INTERNAL_SERVER_ERROR',
  'TEMPORARILY_UNAVAILABLE',
] as const;
export type RequestErrorCode = (typeof requestErrorCodes)[number];

/** A store or another limited part did not answer, or answered that it cannot work now: the caller may try again. */
export class Unavailable extends Error {
  constructor(
    readonly part: 'postgres' | 'redis' | 'hashing' | 'data-key' | 'accounts' | 'deadline',
    options?: { cause?: unknown; retryAfterSeconds?: number },
  ) {
    super(`${part} is unavailable`, { cause: options?.cause });
    this.name = 'Unavailable';
    this.retryAfterSeconds = options?.retryAfterSeconds ?? 5;
  }
  /** Seconds after which a new try makes sense. */
  readonly retryAfterSeconds: number;
}
