import { encodeCredentials } from '../percent-encoding.js';
import { DatabaseUrlError } from './url-error.js';

/** Parameters that have an effect, and their allowed values. */
const passedOn: Readonly<Record<string, RegExp>> = {
  host: /./,
  port: /^\d{1,5}$/,
  dbname: /./,
  user: /./,
  password: /./,
  sslmode: /./,
  sslrootcert: /./,
  sslcert: /./,
  sslkey: /./,
  sslpassword: /./,
  sslcrl: /./,
  sslnegotiation: /^(?:postgres|direct)$/,
  ssl_min_protocol_version: /^TLSv1\.[23]$/,
  ssl_max_protocol_version: /^TLSv1\.[23]$/,
  channel_binding: /^(?:disable|prefer|require)$/,
  application_name: /^[ -~]{1,63}$/,
  fallback_application_name: /^[ -~]{1,63}$/,
  options: /./,
  connect_timeout: /^[1-3]$/,
  keepalives_idle: /^[1-9]\d{0,4}$/,
  target_session_attrs: /^(?:any|read-write|primary)$/,
};

/** Allowed values of `passedOn`, in words. */
const allowed: Readonly<Record<string, string>> = {
  port: 'a number from 1 to 65535',
  sslnegotiation: 'postgres, direct',
  ssl_min_protocol_version: 'TLSv1.2, TLSv1.3',
  ssl_max_protocol_version: 'TLSv1.2, TLSv1.3',
  channel_binding: 'disable, prefer, require',
  application_name: '1 to 63 printable ASCII characters',
  fallback_application_name: '1 to 63 printable ASCII characters',
  connect_timeout: '1 to 3 seconds, because calls are answered by a deadline',
  keepalives_idle: 'seconds, from 1 to 99999',
  target_session_attrs: 'any, read-write, primary',
};

/** Parameters that are accepted only with the value that applies anyway. */
const heldAnyway: Readonly<Record<string, RegExp>> = {
  client_encoding: /^(?:utf-?8|auto)$/i,
  gssencmode: /^(?:disable|prefer)$/,
  keepalives: /^1$/,
  load_balance_hosts: /^disable$/,
  sslcompression: /^0$/,
  sslsni: /^1$/,
  sslcertmode: /^allow$/,
  uselibpqcompat: /^true$/,
};

const ours = 'is set by Latchkey itself, in each transaction; leave it out';
const server = 'is not supported; leave it out';
const line = 'is not supported; set it in the system (net.ipv4.tcp_keepalive_*)';
/** Parameters that other programs know and we refuse, with the remedy. */
const refused: Readonly<Record<string, string>> = {
  service: 'is not supported: write the service’s host, user and database into the URL',
  servicefile: 'is not supported: write the service’s host, user and database into the URL',
  passfile: 'is not supported: write the password into the URL',
  hostaddr: 'is not supported: name the host, or the address, in the URL itself',
  ssl: 'is not supported: write sslmode=verify-full',
  requiressl: 'is not supported: write sslmode=verify-full',
  sslaccept: 'is not supported: write sslmode=verify-full',
  sslcrldir: 'is not supported: give one file as sslcrl',
  sslkeylogfile: 'is not supported: it would write the keys of encrypted connections to a file',
  require_auth: 'is not supported: write sslmode=verify-full and channel_binding=require',
  krbsrvname: 'is not supported: there is no GSSAPI; use a password or sslcert and sslkey',
  gsslib: 'is not supported: there is no GSSAPI; use a password or sslcert and sslkey',
  gssdelegation: 'is not supported: there is no GSSAPI; use a password or sslcert and sslkey',
  requirepeer: server,
  replication: server,
  scram_client_key: server,
  scram_server_key: server,
  keepalives_interval: line,
  keepalives_count: line,
  tcp_user_timeout: line,
  min_protocol_version: server,
  max_protocol_version: server,
  statement_timeout: ours,
  lock_timeout: ours,
  idle_in_transaction_session_timeout: ours,
  query_timeout: ours,
  pool_timeout: ours,
  connection_limit: 'is not supported: set DATABASE_POOL and DATABASE_QUEUE_POOL',
  max: 'is not supported: set DATABASE_POOL and DATABASE_QUEUE_POOL',
  pgbouncer: 'is not needed: poolers in session and in transaction mode work as they are; leave it out',
  schema: 'is not supported: set DATABASE_SCHEMA',
  search_path: 'is not supported: set DATABASE_SCHEMA',
  currentSchema: 'is not supported: set DATABASE_SCHEMA',
};

/**
 * Reads the query of a database URL.
 *
 * @throws DatabaseUrlError when a parameter is unknown, repeated or has a wrong value.
 */
export function databaseParameters(query: string): Partial<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0));
    const pattern = passedOn[name] ?? heldAnyway[name];
    if (!Object.hasOwn({ ...passedOn, ...heldAnyway }, name) || !pattern) throw unknown(name, query);
    if (Object.hasOwn(found, name)) throw new DatabaseUrlError(`has the parameter ${name} twice`);
    // Not URLSearchParams, which reads a plus sign in a password as a space.
    const value = decodedValue(name, part.slice(equals + 1));
    if (!pattern.test(value)) {
      const right = allowed[name] ?? (Object.hasOwn(heldAnyway, name) ? `leave ${name} out` : 'a value');
      throw new DatabaseUrlError(`has a parameter ${name} whose value is not supported; allowed: ${right}`);
    }
    found[name] = value;
  }
  return found;
}

/**
 * The message repeats the name only if it looks like a parameter and no raw `@` stands in the query, because a piece of a
 * raw password may end up here.
 */
function unknown(name: string, query: string): DatabaseUrlError {
  const remedy = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (remedy) return new DatabaseUrlError(`has the parameter ${name}, which ${remedy}`);
  const shown = /^[a-z][a-z_]{2,40}$/i.test(name) && !query.includes('@') ? ` ${name}` : '';
  return new DatabaseUrlError(
    `has a parameter${shown} that is not known; known are: ${Object.keys(passedOn).join(', ')}`,
  );
}

function decodedValue(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError(`has a parameter ${name} that is not percent-encoded; ${encodeCredentials}`);
  }
}
