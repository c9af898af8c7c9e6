import { Unavailable } from './errors.js';

/**
 * SQLSTATE classes and codes that speak of the machine, not of the statement (PostgreSQL, appendix A): connection,
 * resources, operator intervention, time-outs, deadlocks, a server that only reads; and faults inside the server, which
 * is also what PostgreSQL calls a disk quota that is used up (EDQUOT has no state of its own).
 */
const machineStates = /^(?:08|53|57|58|XX|25006|25P03|40001|40P01|55P03)/;
/**
 * Those that only an operator mends, and that pass when it is done: a log-in that is refused, a right, a database or a
 * schema that is missing.
 */
const operatorStates = /^(?:28|3D|3F|42501)/;
const lineErrors = /^(?:ECONN|EPIPE|EPROTO|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES)/;
/** A certificate that does not verify, or no TLS at all (Node, `tls` and OpenSSL's names). */
const tlsErrors =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CRL_|INVALID_CA|HOSTNAME_MISMATCH)/;
/** `pg` throws these without a code. */
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

/** Runs database work. @throws Unavailable when the database is away; a bug stays what it is. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable || !isDatabaseAway(error)) throw error;
    throw new Unavailable('postgres', { cause: error });
  }
}

/** A statement that PostgreSQL refused: resources, a broken transaction, conflicts, time-outs. COMMIT was never sent. */
const refusedStatement = /^(?:53|25|40001|40P01|55P03|57014)/;

/**
 * Runs a transaction. Where its end is unclear, because the line broke before COMMIT was answered, `readBack` looks on
 * another connection.
 *
 * @param readBack undefined when nothing was committed; then the transaction's own error is thrown.
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
