import fc from 'fast-check';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { requestErrorCodes, Unavailable } from '../../src/calls/errors.js';
import { isWrongArgument, maskError } from '../../src/graphql/mask-error.js';

const hide = maskError(false);
const tell = maskError(true);
const formatted = (message: string, code?: string): GraphQLFormattedError => ({
  message,
  locations: [{ line: 1, column: 2 }],
  ...(code === undefined ? {} : { extensions: { code, stacktrace: ['at canary'], canary: 'canary' } }),
});

it.each<[string, string, string]>([
  ['GRAPHQL_PARSE_FAILED', 'Syntax Error: Unexpected Name "canary".', 'The document is not valid GraphQL.'],
  ['GRAPHQL_PARSE_FAILED', 'Syntax Error: Unterminated string canary', 'The document is not valid GraphQL.'],
  [
    'GRAPHQL_PARSE_FAILED',
    'Syntax Error: Document contains more that 400 tokens. Parsing aborted.',
    'The document is too large.',
  ],
  [
    'BAD_USER_INPUT',
    'Variable "$input" got invalid value "canary" at "input.email"; canary',
    'Variable "$input" does not have the type that it must have.',
  ],
  ['BAD_USER_INPUT', 'Something about canary', 'The input does not have the type that it must have.'],
  [
    'GRAPHQL_VALIDATION_FAILED',
    'Cannot query field "canary" on type "Query". Did you mean "me"?',
    'The operation does not fit the schema.',
  ],
  [
    'GRAPHQL_VALIDATION_FAILED',
    'A mutation must have exactly one root field.',
    'A mutation must have exactly one root field.',
  ],
  [
    'OPERATION_RESOLUTION_FAILURE',
    'Unknown operation named "canary".',
    'It is not clear which operation to run: name one that the document contains.',
  ],
  [
    'BAD_REQUEST',
    'This operation has been blocked as a potential Cross-Site Request Forgery (CSRF). canary',
    'Send POST with content-type application/json.',
  ],
  ['BAD_REQUEST', 'canary', 'The request is not a GraphQL request.'],
  ['INTERNAL_SERVER_ERROR', 'relation "canary" does not exist', 'Internal server error'],
])('says a %s anew: %s', (code, message, said) => {
  expect(hide(formatted(message, code), undefined)).toMatchObject({ message: said, extensions: { code } });
});

it.each(['A_CODE_OF_SOMEBODY', '', 'toString', '__proto__'])('takes the code %j for a fault of its own', (code) => {
  expect(hide(formatted('canary', code), new Error('canary'))).toEqual({
    message: 'Internal server error',
    locations: [{ line: 1, column: 2 }],
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  });
});

it('names no place where a document does not fit, unless the schema may be known', () => {
  const error = formatted('Cannot query field "x" on type "Query".', 'GRAPHQL_VALIDATION_FAILED');
  expect(hide(error, undefined)).not.toHaveProperty('locations');
  expect(tell(error, undefined)).toMatchObject({ message: error.message, locations: error.locations });
});

// Shows: V-37
it.each([
  'String cannot represent a non string value: canary',
  'Expected value of type "SignInInput!", found canary.',
  'Value "canary" does not exist in "ErrorCode" enum; Expected value of another type',
  'Argument "input" has invalid value canary.',
])('repeats no value where the schema may be known: %s', (message) => {
  const { message: said } = tell(formatted(message, 'GRAPHQL_VALIDATION_FAILED'), undefined);
  expect(said).toBe('A value does not have the type that it must have.');
});

it('tells what is away from what is broken', () => {
  const error = new GraphQLError('postgres is unavailable', {
    path: ['me'],
    originalError: new Unavailable('postgres'),
  });
  expect(hide(formatted('postgres is unavailable', 'INTERNAL_SERVER_ERROR'), error)).toMatchObject({
    message: 'Temporarily unavailable; try again.',
    extensions: { code: 'TEMPORARILY_UNAVAILABLE' },
  });
});

describe('an argument that only execution finds to be wrong', () => {
  const wrong = new GraphQLError('Argument "key" of non-null type "String!" must not be null.');
  it.each([
    ['at a directive', wrong],
    [
      'in a long list',
      new GraphQLError('Too many errors processing variables, error limit reached. Execution aborted.'),
    ],
    ['at a field', new GraphQLError(wrong.message, { originalError: wrong, path: ['me'] })],
  ])('is the fault of the caller %s', (_where, error) => {
    expect(isWrongArgument(error)).toBe(true);
    expect(hide(formatted(error.message, 'INTERNAL_SERVER_ERROR'), error).extensions?.code).toBe('BAD_USER_INPUT');
  });

  it.each([
    [
      'an error of ours with such a message',
      new GraphQLError('x', { path: ['me'], originalError: new Error(wrong.message) }),
    ],
    ['an error with a code', new GraphQLError(wrong.message, { extensions: { code: 'X' } })],
    ['no error', undefined],
  ])('is not %s', (_name, error) => {
    expect(isWrongArgument(error)).toBe(false);
  });
});

it('lets out nothing of what it was given but the place and the names that it knows', () => {
  const code = fc.oneof(fc.constantFrom(...requestErrorCodes), fc.string());
  fc.assert(
    fc.property(code, fc.string(), (given, text) => {
      const masked = hide(formatted(`canary ${text} canary`, given), new Error(`canary ${text}`));
      expect(JSON.stringify(masked)).not.toContain('canary');
      expect(Object.keys(masked.extensions ?? {})).toEqual(['code']);
      expect([...requestErrorCodes]).toContain(masked.extensions?.code);
    }),
  );
});
