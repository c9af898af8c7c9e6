import { Unavailable } from './errors.js';

/**
 * SQLSTATE classes and codes that are about the server, not about the statement (PostgreSQL, appendix A): connection,
 * resources, operator intervention, timeouts, deadlocks, a read-only server, and internal errors (XX). PostgreSQL also
 * reports a used-up disk quota as XX, because EDQUOT has no code of its own.
 */
const machineStates = /^(?:08|53|57|58|XX|25006|25P03|40001|40P01|55P03)/;
/**
 * Codes of faults that only an operator can mend, after which the same call succeeds: a refused log-in; a missing
 * right, database or schema.
 */
const operatorStates = /^(?:28|3D|3F|42501)/;
const lineErrors = /^(?:ECONN|EPIPE|EPROTO|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES)/;
/** A certificate that does not verify, or a server without TLS (error names of Node's `tls` and of OpenSSL). */
const tlsErrors =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CRL_|INVALID_CA|HOSTNAME_MISMATCH)/;
/** Errors of the connection that `pg` throws without a code. */
const lineMessages =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered|Cannot use a pool|does not support SSL|establishing an SSL|^SASL:|^timeout expired/i;
const isAwayCode = (code: string) =>
  [machineStates, operatorStates, lineErrors, tlsErrors, /^no-channel-binding$/].some((each) => each.test(code));

/** Whether PostgreSQL was away, overloaded or cut off, so that the same call may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = (each as { cause?: unknown }).cause) {
    const code = (each as { code?: unknown }).code;
    if (typeof code === 'string' && isAwayCode(code)) return true;
    if (lineMessages.test(each.message)) return true;
  }
  return false;
}

/** Runs database work. @throws Unavailable when the database is away; any other error unchanged. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable || !isDatabaseAway(error)) throw error;
    throw new Unavailable('postgres', { cause: error });
  }
}

/** PostgreSQL refused a statement (resources, a broken transaction, conflicts, timeouts), so COMMIT was never sent. */
const refusedStatement = /^(?:53|25|40001|40P01|55P03|57014)/;

/**
 * Runs a transaction. If the connection broke before COMMIT was answered, nobody knows whether it was committed; then
 * `readBack` looks on another connection.
 *
 * @param readBack returns undefined when nothing was committed.
 * @throws the transaction's own error when nothing was committed, or what `readBack` throws.
 */
export async function orReadBack<T>(
  transaction: Promise<T>,
  readBack: (error: unknown) => Promise<T | undefined>,
): Promise<T> {
  try {
    return await transaction;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof Unavailable || (typeof code === 'string' && refusedStatement.test(code))) throw error;
    const found = await readBack(error);
    if (found === undefined) throw error;
    return found;
  }
}
