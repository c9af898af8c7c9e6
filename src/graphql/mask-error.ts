import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type RequestErrorCode, requestErrorCodes, Unavailable } from '../calls/errors.js';

/**
 * The one place that decides what a caller may read of an error. Messages of the parser, of validation and of variable
 * coercion can repeat input (a password, a key), so they are replaced; an unexpected error gets a message without
 * details.
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
    // The location of this error would tell which names of the document exist in the schema.
    return { message, ...(message === doesNotFit ? {} : place), extensions: { code } };
  };
}

/**
 * Whether an argument is wrong although validation passed: null for a variable that has a default fits the schema, but
 * not the argument. graphql-js gives such an error no code, so it would be reported as an internal error.
 */
export function isWrongArgument(error: unknown): boolean {
  const cause = unwrapResolverError(error);
  if (!(cause instanceof GraphQLError) || cause.extensions.code !== undefined) return false;
  return cause.message.startsWith('Argument "') || cause.message.startsWith('Too many errors processing variables');
}

function codeOf(code: unknown): RequestErrorCode {
  if (code === 'PERSISTED_QUERY_NOT_SUPPORTED') return 'BAD_REQUEST';
  return requestErrorCodes.find((each) => each === code) ?? 'INTERNAL_SERVER_ERROR';
}

function say(code: RequestErrorCode, message: string, tellSchema: boolean): string {
  switch (code) {
    case 'GRAPHQL_PARSE_FAILED':
      // graphql-js has a typing error here: "more that".
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
      // Apollo Client looks for this message and then sends the whole document.
      if (message === 'PersistedQueryNotSupported') return message;
      return /CSRF|Cross-Site/i.test(message)
        ? 'Send POST with content-type application/json.'
        : 'The request is not a GraphQL request.';
    case 'OPERATION_RESOLUTION_FAILURE':
      return 'It is not clear which operation to run: name one that the document contains.';
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

/** Replaces messages about literals, because they repeat the literal. */
function withoutValues(message: string): string {
  return /cannot represent|found |Expected value|invalid value/i.test(message)
    ? 'A value does not have the type that it must have.'
    : message;
}
