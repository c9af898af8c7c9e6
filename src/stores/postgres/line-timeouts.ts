import pg from 'pg';

/** Milliseconds; 0 is none. */
export interface LineTimeouts {
  readonly statement: number;
  readonly lock: number;
  readonly idleInTransaction: number;
}

type Done = (error: unknown, result?: unknown) => void;
type Send = (...parameters: unknown[]) => unknown;

/**
 * Statements that must be sent alone, because they are refused, or have no sense, together with others in one
 * transaction.
 */
const alone = /\bconcurrently\b|^\s*(?:vacuum|commit|rollback|end|listen|unlisten|discard|set|show)\b/i;
const begin = /^\s*(?:begin|start\s+transaction)\b[^;]*;?\s*$/i;

/**
 * Sets the timeouts at the start of each transaction, and with each statement outside of one, in the same message to
 * the server. As parameters of the session they would not work with a pooler: PgBouncer refuses them when a connection
 * is opened, and in transaction mode the next statement may run on another server connection.
 */
export function setTimeouts(client: pg.ClientBase, timeouts: LineTimeouts): void {
  const send = client.query.bind(client) as unknown as Send;
  const isIdle = () => (client as pg.Client).getTransactionStatus() !== 'T';
  const [inTransaction, withStatement] = [settings(timeouts), settings({ ...timeouts, idleInTransaction: 0 })];

  const run = (text: string, values: readonly unknown[]): unknown => {
    if (begin.test(text)) return send(`${text.replace(/;\s*$/, '')};${localSettings(inTransaction)}`);
    if (!isIdle() || withStatement.length === 0 || alone.test(text) || text.trim() === '') return send(text, values);
    if (values.length > 0) return withParameters(send, withStatement, text, values);
    const answers = send(`${localSettings(withStatement)};${text}`) as Promise<unknown>;
    return answers.then((results) => {
      const own = Array.isArray(results) ? results.slice(withStatement.length) : [results];
      return own.length === 1 ? own[0] : own;
    });
  };
  const query = (text: unknown, values?: unknown, done?: Done) => {
    if (typeof text !== 'string') return send(text, values, done);
    const callback = typeof values === 'function' ? (values as Done) : done;
    const answer = run(text, Array.isArray(values) ? values : []) as Promise<unknown>;
    if (!callback) return answer;
    answer.then((result) => callback(null, result), callback);
    return undefined;
  };
  Object.assign(client, { query });
}

type Setting = readonly [name: string, milliseconds: number];

function settings({ statement, lock, idleInTransaction }: LineTimeouts): Setting[] {
  const all: Setting[] = [
    ['statement_timeout', statement],
    ['lock_timeout', lock],
    ['idle_in_transaction_session_timeout', idleInTransaction],
  ];
  return all.filter(([, milliseconds]) => milliseconds > 0);
}

/** Statements of one message share one transaction, so these settings apply to the statement that follows them. */
const localSettings = (all: readonly Setting[]) =>
  all.map(([name, milliseconds]) => `set local ${name} = ${milliseconds}`).join(';');

interface Wire {
  parse(message: { text: string; name?: string; types?: unknown }): void;
  bind(message: object): void;
  execute(message: { portal: string; rows?: number }): void;
}
interface DriverQuery {
  prepare(connection: Wire): void;
  handleDataRow(message: object): void;
  handleCommandComplete(message: object, connection: Wire): void;
}
const DriverQuery = pg.Query as unknown as new (text: string, values: unknown[], done: Done) => DriverQuery;

/**
 * A statement with parameters uses the extended protocol, which takes one statement at a time. All statements before
 * one Sync are one transaction: the settings are sent first, without waiting for their answer.
 */
class BoundedQuery extends DriverQuery {
  #settings: string;
  #isSet = false;

  constructor(all: readonly Setting[], text: string, values: readonly unknown[], done: Done) {
    super(text, [...values], done);
    this.#settings = `select ${all.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')}`;
  }

  override prepare(connection: Wire): void {
    connection.parse({ text: this.#settings });
    connection.bind({ values: [] });
    connection.execute({ portal: '' });
    super.prepare(connection);
  }

  override handleDataRow(message: object): void {
    if (this.#isSet) super.handleDataRow(message);
  }

  override handleCommandComplete(message: object, connection: Wire): void {
    if (this.#isSet) super.handleCommandComplete(message, connection);
    this.#isSet = true;
  }
}

function withParameters(
  send: Send,
  all: readonly Setting[],
  text: string,
  values: readonly unknown[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    send(new BoundedQuery(all, text, values, (error, result) => (error ? reject(error) : resolve(result))));
  });
}
