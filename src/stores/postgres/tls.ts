import { readFileSync } from 'node:fs';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { DatabaseUrlError } from './url-error.js';

/**
 * How a connection is protected. `verified`: encrypted, and a trusted authority's certificate names the server;
 * `authority`: encrypted, with a certificate of the given authority for any name; `unverified`: encrypted, but the
 * server is not checked; `socket`: a Unix socket, which does not leave the machine; `plain`: not encrypted.
 */
export type LineSecurity = 'verified' | 'authority' | 'unverified' | 'socket' | 'plain';
export type TlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'crl'
  | 'rejectUnauthorized'
  | 'checkServerIdentity'
  | 'minVersion'
  | 'maxVersion'
  | 'host'
>;

const modes = 'disable, require, verify-ca, verify-full';
const tlsParameters = [
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'sslcrl',
  'sslnegotiation',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
] as const;

/**
 * TLS with the meaning of PostgreSQL's own clients (libpq, table 32.1): `require` encrypts and verifies nothing, but
 * with `sslrootcert` it is `verify-ca`. Node's driver would read both as `verify-full`. `prefer` (libpq's default) and
 * `allow` are refused: with them the connection is not encrypted if the server says so, and password hashes pass over
 * it.
 *
 * @throws DatabaseUrlError when the parameters contradict each other or a file cannot be read.
 */
export function tlsOf(
  given: Partial<Record<string, string>>,
  host: string,
): { ssl: false | TlsOptions; security: LineSecurity; sslnegotiation: 'postgres' | 'direct' } {
  const isSocket = host.startsWith('/');
  const mode = given.sslmode ?? 'disable';
  const sslnegotiation = given.sslnegotiation === 'direct' ? 'direct' : 'postgres';
  if (mode === 'prefer' || mode === 'allow') {
    const reason = 'gives encryption up as soon as anybody on the way says so';
    throw new DatabaseUrlError(`has sslmode=${mode}, which ${reason}; allowed: ${modes}`);
  }
  if (mode === 'disable') {
    const vain = tlsParameters.find((name) => given[name] !== undefined && given[name] !== 'postgres');
    if (vain) throw new DatabaseUrlError(`has ${vain} without TLS: add sslmode=verify-full`);
    return { ssl: false, security: isSocket ? 'socket' : 'plain', sslnegotiation };
  }
  if (!['require', 'no-verify', 'verify-ca', 'verify-full'].includes(mode)) {
    throw new DatabaseUrlError(`has an sslmode that is none; allowed: ${modes}`);
  }
  if (isSocket) throw new DatabaseUrlError('asks for TLS on a Unix socket, where there is none: leave sslmode out');

  const root = given.sslrootcert;
  if (root === 'system' && mode !== 'verify-full') {
    throw new DatabaseUrlError('has sslrootcert=system, with which only sslmode=verify-full says anything');
  }
  if (mode === 'verify-ca' && !root) {
    throw new DatabaseUrlError(
      'has sslmode=verify-ca without sslrootcert: give the file of the authority, or use verify-full',
    );
  }
  if (mode === 'no-verify' && root) {
    throw new DatabaseUrlError('has sslrootcert, which sslmode=no-verify never reads: use verify-full or verify-ca');
  }
  const security = mode === 'verify-full' ? 'verified' : root ? 'authority' : 'unverified';
  // `host` is set because the driver leaves an IP address out; Node would look for `localhost` in the certificate.
  return { ssl: { host, ...certificates(given), ...verification(security) }, security, sslnegotiation };
}

function verification(security: LineSecurity): TlsOptions {
  if (security === 'unverified') return { rejectUnauthorized: false };
  return security === 'authority' ? { checkServerIdentity: () => undefined } : {};
}

function certificates(given: Partial<Record<string, string>>): TlsOptions {
  const { sslrootcert, sslcert, sslkey, sslpassword, sslcrl } = given;
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw new DatabaseUrlError('has one of sslcert and sslkey; both are needed');
  }
  const ca = sslrootcert === 'system' ? getCACertificates('system') : file('sslrootcert', sslrootcert);
  const [cert, key, crl] = [file('sslcert', sslcert), file('sslkey', sslkey), file('sslcrl', sslcrl)];
  const [minVersion, maxVersion] = [given.ssl_min_protocol_version, given.ssl_max_protocol_version];
  return {
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(sslpassword ? { passphrase: sslpassword } : {}),
    ...(crl ? { crl } : {}),
    ...(minVersion ? { minVersion: minVersion as 'TLSv1.2' | 'TLSv1.3' } : {}),
    ...(maxVersion ? { maxVersion: maxVersion as 'TLSv1.2' | 'TLSv1.3' } : {}),
  };
}

function file(parameter: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DatabaseUrlError(`names a file as ${parameter} that cannot be read (${code})`);
  }
  if (!text.includes('-----BEGIN ')) throw new DatabaseUrlError(`names a file as ${parameter} that holds no PEM`);
  return text;
}
