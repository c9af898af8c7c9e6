import { Unavailable } from '../calls/errors.js';
import { isDatabaseAway } from '../calls/unavailable.js';

/** Why a command could not do its work; the message is for the operator. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
}

/** Messages for SQLSTATEs (PostgreSQL, appendix A) that an operator can do something about. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/^(?:42P01|42703|3F000)$/, 'the database is not migrated: run `latchkey migrate`'],
  [/^28/, 'the database refuses the user or the password of DATABASE_URL'],
  [/^3D000$/, 'the database that DATABASE_URL names does not exist'],
  [/^42501$/, 'the user of DATABASE_URL may not do this'],
];

/** Describes an error for the operator without its message, because messages of drivers repeat values. */
export function explain(error: unknown): string {
  if (error instanceof CommandFailure) return error.message;
  const cause = error instanceof Unavailable ? error.cause : error;
  const code = codeOf(cause);
  const remedy = remedies.find(([state]) => code && state.test(code))?.[1];
  if (remedy) return remedy;
  const inBrackets = code ? ` (${code})` : '';
  if (isDatabaseAway(cause)) return `the database does not answer${inBrackets}`;
  return `failed: ${cause instanceof Error ? cause.name : typeof cause}${inBrackets}`;
}

export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
