import { isIP } from 'node:net';
import { encodeCredentials } from '../percent-encoding.js';

export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
}

/** How to reach Redis. With `tls` every connection is encrypted, also those to Sentinels. */
export type RedisAddress = { readonly tls: boolean } & Credentials &
  (
    | { readonly kind: 'single'; readonly servers: readonly [RedisEndpoint]; readonly database: number }
    | {
        readonly kind: 'sentinel';
        /** The Sentinels, which know where the master is. */
        readonly servers: readonly RedisEndpoint[];
        readonly database: number;
        readonly master: string;
        readonly sentinelUsername: string | undefined;
        readonly sentinelPassword: string | undefined;
      }
    | { readonly kind: 'cluster'; readonly servers: readonly RedisEndpoint[] }
  );

interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export const redisUrlForms =
  'redis://user:password@host:6379/0, ' +
  'redis+sentinel://user:password@host:26379,host:26379/0?master=name ' +
  '(also &sentinel_username=…&sentinel_password=…), ' +
  'redis+cluster://user:password@host:6379,host:6379; with TLS rediss://, rediss+sentinel://, rediss+cluster://; ' +
  encodeCredentials;

/** What is wrong with a URL. The message repeats nothing of the URL, because it contains a password. */
export class RedisUrlError extends Error {
  constructor(reason: string) {
    super(`${reason}; allowed: ${redisUrlForms}`);
    this.name = 'RedisUrlError';
  }
}

/** Parses a Redis URL of one of the three forms. @throws RedisUrlError when it is of none of them. */
export function parseRedisUrl(text: string): RedisAddress {
  // Parsed by hand, because a standard URL has one host only.
  const match =
    /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?<authority>[^/?#]*)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/.exec(
      text,
    );
  if (!match?.groups) throw new RedisUrlError(`is no URL of a known form (a raw \`/\`, \`#\` or \`?\` in a password?)`);

  const { tls, kind = 'single', authority = '', path = '', query = '' } = match.groups;
  const at = authority.lastIndexOf('@');
  const common = { tls: tls === 's', ...credentialsIn(authority.slice(0, Math.max(at, 0))) };
  const servers = authority
    .slice(at + 1)
    .split(',')
    .map((each) => endpoint(each, kind === 'sentinel' ? 26379 : 6379));
  const parameters = parametersIn(query, kind === 'sentinel' ? sentinelParameters : []);

  if (kind === 'cluster') {
    if (path !== '' && path !== '/' && path !== '/0')
      throw new RedisUrlError('names a database, and a cluster has none');
    return { kind, ...common, servers };
  }
  const database = databaseIn(path);
  if (kind === 'sentinel') {
    const { master, sentinel_username: sentinelUsername, sentinel_password: sentinelPassword } = parameters;
    if (!master) throw new RedisUrlError('names no master (the name that the Sentinels watch it under)');
    if (sentinelUsername && !sentinelPassword) throw new RedisUrlError('has a sentinel_username without password');
    return { kind, ...common, servers, database, master, sentinelUsername, sentinelPassword };
  }
  const [server, ...more] = servers;
  if (!server || more.length > 0) {
    throw new RedisUrlError('names several servers without saying whether they are Sentinels or a cluster');
  }
  return { kind: 'single', ...common, servers: [server], database };
}

const sentinelParameters = ['master', 'sentinel_username', 'sentinel_password'];

function credentialsIn(text: string): Credentials {
  const colon = text.indexOf(':');
  const [username, password] = [decoded(colon < 0 ? text : text.slice(0, colon)), decoded(text.slice(colon + 1))];
  if (colon < 0 && text !== '') throw new RedisUrlError('has a user name without password (`:password@` for no name)');
  if (username && !password) throw new RedisUrlError('has a user name without password');
  return { username: username || undefined, password: password || undefined };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError('has credentials that are not percent-encoded: a `%` that encodes nothing');
  }
}

function endpoint(text: string, defaultPort: number): RedisEndpoint {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
  const [host, port] = [match?.[1] ?? match?.[2], Number(match?.[3] ?? defaultPort)];
  if (!host || (match?.[1] && isIP(host) !== 6)) throw new RedisUrlError('has a host that is missing or no host name');
  if (port < 1 || port > 65535) throw new RedisUrlError('has a port that is not from 1 to 65535');
  return { host, port };
}

function databaseIn(path: string): number {
  if (path === '' || path === '/') return 0;
  if (!/^\/\d{1,4}$/.test(path)) throw new RedisUrlError('has a database that is not a number');
  return Number(path.slice(1));
}

/** Other parameters are refused: a driver would take them for options, and some make it send a command twice. */
function parametersIn(query: string, allowed: readonly string[]): Partial<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals);
    // Not URLSearchParams, which reads a plus sign in a password as a space.
    if (!allowed.includes(name)) throw new RedisUrlError('has a parameter that this form does not know');
    if (name in found) throw new RedisUrlError('has a parameter twice');
    found[name] = decoded(part.slice(equals + 1));
  }
  return found;
}
