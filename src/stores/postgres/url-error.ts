export const databaseUrlForms =
  'postgres://user:password@host:5432/database?sslmode=verify-full, postgres:///database?host=/run/postgresql';

/**
 * What is wrong with a URL, and the remedy. The message repeats at most a parameter's name, because the URL contains a
 * password.
 */
export class DatabaseUrlError extends Error {
  override name = 'DatabaseUrlError';
  constructor(reason: string) {
    super(reason.includes('allowed: ') ? reason : `${reason}; allowed: ${databaseUrlForms}`);
  }
}
