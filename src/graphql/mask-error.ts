import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type RequestErrorCode, requestErrorCodes, Unavailable } from '../calls/errors.js';

/**
 * The one place that decides what a caller may read of an error. Messages of the parser, of validation and of variable
 * coercion repeat what was sent (a password, a key), so they are said anew; what was not made on purpose says nothing.
 *
 * @param tellSchema whether names of the schema may be told (they may where introspection is on).
 */
export function maskError(tellSchema: boolean) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { locations, path } = formatted;
    const place = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
    if (unwrapResolverError(error) instanceof Unavailable) {
      return {
        message: 'Temporarily unavailable; try again.',
        ...place,
        extensions: { code: 'TEMPORARILY_UNAVAILABLE' },
      };
    }
    const code = isWrongArgument(error) ? 'BAD_USER_INPUT' : codeOf(formatted.extensions?.code);
    const message = say(code, formatted.message, tellSchema);
    // Where a document does not fit tells which names of it do.
    return { message, ...(message === doesNotFit ? {} : place), extensions: { code } };
  };
}

/**
 * An argument that only execution finds to be wrong: null for a variable that has a default fits the schema, but not the
 * argument. graphql-js gives it no code, so it would pass for a fault of ours.
 */
export function isWrongArgument(error: unknown): boolean {
  const cause = unwrapResolverError(error);
  return cause instanceof GraphQLError && cause.extensions.code === undefined && cause.message.startsWith('Argument "');
}

function codeOf(code: unknown): RequestErrorCode {
  if (code === 'PERSISTED_QUERY_NOT_SUPPORTED') return 'BAD_REQUEST';
  return requestErrorCodes.find((each) => each === code) ?? 'INTERNAL_SERVER_ERROR';
}

function say(code: RequestErrorCode, message: string, tellSchema: boolean): string {
  switch (code) {
    case 'GRAPHQL_PARSE_FAILED':
      // graphql-js writes "more that".
      return /Document contains more tha[nt]/.test(message)
        ? 'The document is too large.'
        : 'The document is not valid GraphQL.';
    case 'BAD_USER_INPUT': {
      const variable = /^Variable "(\$[_A-Za-z]\w{0,63})"/.exec(message)?.[1];
      return variable
        ? `Variable "${variable}" does not have the type that it must have.`
        : 'The input does not have the type that it must have.';
    }
    case 'GRAPHQL_VALIDATION_FAILED':
      return tellSchema || ownMessages.has(message) ? withoutValues(message) : doesNotFit;
    case 'BAD_REQUEST':
      // Apollo Client knows this message, and sends the whole document instead.
      if (message === 'PersistedQueryNotSupported') return message;
      return /CSRF|Cross-Site/i.test(message)
        ? 'Send POST with content-type application/json.'
        : 'The request is not a GraphQL request.';
    case 'OPERATION_RESOLUTION_FAILURE':
      return 'The operation to run cannot be told: name one that the document has.';
    case 'TEMPORARILY_UNAVAILABLE':
      return 'Temporarily unavailable; try again.';
    case 'INTERNAL_SERVER_ERROR':
      return 'Internal server error';
  }
}

const doesNotFit = 'The operation does not fit the schema.';
const ownMessages = new Set([
  'Only queries and mutations are answered.',
  'The operation is too large.',
  'A mutation must have exactly one root field.',
  'A root field may stand only once in a query.',
]);

/** Complaints about literals name the literal. */
function withoutValues(message: string): string {
  return /cannot represent|found |Expected value|invalid value/i.test(message)
    ? 'A value does not have the type that it must have.'
    : message;
}
