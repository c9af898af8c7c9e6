import { Unavailable } from '../../calls/errors.js';

/** What the app's table refused: the key of `ACCOUNTS` that the statement came from, and why, without a value of a row. */
export interface AppFault {
  readonly key: string;
  readonly reason: string;
}

/** A statement on the app's table failed, which only an operator can mend. Nothing was changed. */
export class AppRefused extends Unavailable {
  constructor(
    readonly fault: AppFault,
    cause?: unknown,
  ) {
    super('accounts', { cause });
  }
}

/** `23514 users_password_check`: the SQLSTATE, and the names that belong to it. No message, which may quote a row. */
export function reasonOf(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++) {
    const { code, table, column, constraint } = each as {
      [Name in 'code' | 'table' | 'column' | 'constraint']?: unknown;
    };
    if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) continue;
    return [code, table, column, constraint].filter((part) => typeof part === 'string').join(' ');
  }
  return undefined;
}
