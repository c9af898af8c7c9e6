/**
 * What a store answered, in a word that says what kind of fault it is and nothing of what was asked: the first word of
 * an error of Redis (WRONGPASS, NOPERM, OOM …), the SQLSTATE of one of PostgreSQL; undefined if it gave no answer.
 */
export function firstWord(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)) return code;
    const word = each.name === 'ReplyError' ? /^[A-Z]{2,20}(?= |$)/.exec(each.message)?.[0] : undefined;
    if (word) return word;
  }
  return undefined;
}

/** A limit that a new line to PostgreSQL met; undefined where the server's words say nothing (or in another language). */
export function metLimit(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++) {
    const { limit } = each as { limit?: unknown };
    if (typeof limit === 'string') return limit;
    const found = serverLimits.find(([pattern]) => pattern.test((each as Error).message));
    if (found) return found[1];
  }
  return undefined;
}

const serverLimits = [
  [/too many clients already|remaining connection slots are reserved/, 'max_connections'],
  [/too many connections for role/, 'connection limit of the role'],
  [/too many connections for database/, 'connection limit of the database'],
  [/max_client_conn/, 'max_client_conn of PgBouncer'],
  [/query_wait_timeout/, 'pool_size of PgBouncer'],
] as const;
