import { isIP } from 'node:net';
import { encodeCredentials } from '../percent-encoding.js';
import { databaseParameters } from './parameters.js';
import { type LineSecurity, type TlsOptions, tlsOf } from './tls.js';
import { DatabaseUrlError } from './url-error.js';

/** A parsed database URL. */
export interface DatabaseAddress {
  /** A host name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Undefined: the name of the system's user. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly ssl: false | TlsOptions;
  readonly sslnegotiation: 'postgres' | 'direct';
  readonly security: LineSecurity;
  /** Whether SCRAM must be bound to the TLS connection (`require`), may be, or is not. */
  readonly channelBinding: 'require' | 'prefer' | 'disable';
  readonly applicationName: string | undefined;
  readonly options: string | undefined;
  /** Seconds. */
  readonly connectTimeout: number | undefined;
  /** Seconds. */
  readonly keepalivesIdle: number | undefined;
  /** The URL asks for a server that takes writes (`target_session_attrs`). */
  readonly writableOnly: boolean;
}

/**
 * Parses a database URL. Every parameter has an effect or is refused by its name, because an ignored one (`sslmode`)
 * would mislead the operator. Parsed by hand: pg-connection-string passes on any parameter, guesses at stray percent
 * signs, and gives `sslmode=require` another meaning than PostgreSQL's own clients.
 *
 * @throws DatabaseUrlError when it is not of the documented form; the message repeats at most the names of parameters.
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const match = /^postgres(?:ql)?:\/\/(?<authority>[^/?#]*)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/.exec(text);
  if (!match?.groups) {
    throw new DatabaseUrlError(
      text.includes('#') && /^postgres(?:ql)?:\/\//.test(text)
        ? `has a # in it; ${encodeCredentials}`
        : 'is no URL of PostgreSQL',
    );
  }
  const { authority = '', path = '', query = '' } = match.groups;
  const at = authority.lastIndexOf('@');
  if (at < 0 && /@/.test(path + query)) {
    throw new DatabaseUrlError(`has a / or ? before its @; ${encodeCredentials}`);
  }
  const given = databaseParameters(query);
  const { user, password } = credentialsIn(authority.slice(0, Math.max(at, 0)), given);
  const { host, port } = serverIn(authority.slice(at + 1), given);
  const database = given.dbname ?? decoded(path, 'database') ?? '';
  if (database === '' && user === undefined) throw new DatabaseUrlError('names no database: …@host/database');
  if (database.includes('/')) throw new DatabaseUrlError('has more than the name of a database after its host');
  const { ssl, security, sslnegotiation } = tlsOf(given, host);
  const channelBinding = given.channel_binding ?? 'disable';
  if (channelBinding === 'require' && !ssl) {
    throw new DatabaseUrlError('asks for channel_binding=require without TLS: add sslmode=verify-full');
  }
  return {
    host,
    port,
    database: database || (user ?? ''),
    user,
    password,
    ssl,
    security,
    sslnegotiation,
    channelBinding: channelBinding as DatabaseAddress['channelBinding'],
    applicationName: given.application_name ?? given.fallback_application_name,
    options: given.options,
    connectTimeout: given.connect_timeout === undefined ? undefined : Number(given.connect_timeout),
    keepalivesIdle: given.keepalives_idle === undefined ? undefined : Number(given.keepalives_idle),
    writableOnly: given.target_session_attrs !== undefined && given.target_session_attrs !== 'any',
  };
}

function credentialsIn(text: string, given: Partial<Record<string, string>>) {
  const colon = text.indexOf(':');
  const [name, secret] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  const [user, password] = [decoded(name, 'user name'), decoded(secret, 'password')];
  if ((user && given.user) || (password && given.password)) {
    throw new DatabaseUrlError('has a user or password before its host and again as a parameter');
  }
  return { user: user ?? given.user, password: password ?? given.password };
}

function serverIn(text: string, given: Partial<Record<string, string>>): { host: string; port: number } {
  if (text.includes(',') || given.host?.includes(',')) {
    throw new DatabaseUrlError(
      'names several hosts, which is not supported: name one that leads to the primary (a virtual address, ' +
        'a DNS name that follows it, PgBouncer or HAProxy)',
    );
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text);
  if (!match) throw new DatabaseUrlError(`has a host or port that is none; ${encodeCredentials}`);
  const named = match[1] ?? decoded(match[2] ?? '', 'host');
  if (named && given.host) throw new DatabaseUrlError('names a host, and another as the parameter host');
  const host = named ?? given.host;
  if (!host) {
    throw new DatabaseUrlError(
      'names no host; for a Unix socket give its folder: postgres:///database?host=/run/postgresql',
    );
  }
  const isSocket = host.startsWith('/');
  const isName = isIP(host) !== 0 || /^[a-zA-Z0-9_](?:[a-zA-Z0-9._-]{0,252})$/.test(host);
  if (!isSocket && !isName) throw new DatabaseUrlError('has a host that is no host name and no folder of a socket');
  if (match[3] && given.port) throw new DatabaseUrlError('names a port, and another as the parameter port');
  const port = Number(match[3] ?? given.port ?? 5432);
  if (!(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw new DatabaseUrlError('has a port that is not from 1 to 65535');
  }
  return { host, port };
}

function decoded(text: string, what: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined;
  } catch {
    throw new DatabaseUrlError(
      `has a ${what} that is not percent-encoded: a \`%\` that encodes nothing; ${encodeCredentials}`,
    );
  }
}
