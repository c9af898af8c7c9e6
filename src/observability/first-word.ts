/**
 * The kind of fault that a store answered with, in one word that repeats no input: the first word of a Redis error
 * (WRONGPASS, NOPERM, OOM …) or the SQLSTATE of a PostgreSQL error; undefined if the store gave no answer.
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

/**
 * Which limit a new connection to PostgreSQL met; undefined if the server's message is about none, or not in English.
 */
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
