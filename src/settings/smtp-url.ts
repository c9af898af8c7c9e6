import { isIP } from 'node:net';
import { encodeCredentials } from '../stores/percent-encoding.js';

/** How to reach a relay, from its URL. */
export interface SmtpAddress {
  /** `smtps`: TLS from the first byte. */
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  readonly ignoreTls: boolean | undefined;
  readonly requireTls: boolean | undefined;
  /** Our own host name in EHLO. */
  readonly name: string | undefined;
  readonly authMethod: 'PLAIN' | 'LOGIN' | 'CRAM-MD5' | undefined;
  /** The name in the relay's certificate, if it is not the host's. */
  readonly servername: string | undefined;
}

/**
 * The only parameters that are allowed: nodemailer would take any other for an option, and `debug` logs whole mails.
 */
const parameters = {
  ignoreTLS: { allowed: 'true, false', shape: /^(?:true|false)$/ },
  requireTLS: { allowed: 'true, false', shape: /^(?:true|false)$/ },
  name: {
    allowed: 'a host name, or an address in brackets',
    shape: /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[(?:IPv6:)?[0-9a-f.:]{2,45}\])$/i,
  },
  authMethod: { allowed: 'PLAIN, LOGIN, CRAM-MD5', shape: /^(?:PLAIN|LOGIN|CRAM-MD5)$/ },
  'tls.servername': { allowed: 'a host name', shape: /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i },
} as const;
type Parameter = keyof typeof parameters;

export const smtpUrlForms =
  'smtp://user:password@host:587 or smtps://user:password@host:465, several separated by commas, with the parameters ' +
  `${Object.keys(parameters).join(', ')}; ${encodeCredentials}`;

/** What is wrong with a URL. The message repeats only the name of a parameter, because the rest may be secret. */
export class SmtpUrlError extends Error {
  constructor(reason: string) {
    super(`${reason}; allowed: ${smtpUrlForms}`);
    this.name = 'SmtpUrlError';
  }
}

/** Parses the URL of one relay. @throws SmtpUrlError when it is not of the documented form. */
export function parseSmtpUrl(text: string): SmtpAddress {
  // Parsed by hand: the standard's URL parser repairs input, so a raw `@` or `/` in a password would change the host.
  const match = /^smtp(?<tls>s?):\/\/(?<authority>[^/?#]*)\/?(?:\?(?<query>.*))?$/is.exec(text);
  if (!match?.groups) throw new SmtpUrlError(whatIsNoUrl(text));
  const { tls, authority = '', query = '' } = match.groups;
  const at = authority.lastIndexOf('@');
  const { host, port } = endpoint(authority.slice(at + 1));
  const found = parametersIn(query);
  const secure = tls !== '';
  const ignoreTls = isOn(found.ignoreTLS);
  const requireTls = isOn(found.requireTLS);
  if (ignoreTls && requireTls) throw new SmtpUrlError('says both ignoreTLS and requireTLS');
  if (ignoreTls && secure) throw new SmtpUrlError('says ignoreTLS, and smtps is TLS from the first byte');
  return {
    secure,
    host,
    port: port ?? (secure ? 465 : 587),
    credentials: at < 0 ? undefined : credentialsIn(authority.slice(0, at)),
    ignoreTls,
    requireTls,
    name: found.name,
    authMethod: found.authMethod as SmtpAddress['authMethod'],
    servername: found['tls.servername'],
  };
}

function whatIsNoUrl(text: string): string {
  if (!/^smtps?:\/\//i.test(text)) return 'is no URL that begins with smtp:// or smtps://';
  return 'holds a `/`, `#` or line end where none may be (raw in a password?)';
}

function credentialsIn(text: string): { user: string; password: string } {
  const colon = text.indexOf(':');
  const [user, password] = [
    decoded(colon < 0 ? text : text.slice(0, colon)),
    colon < 0 ? '' : decoded(text.slice(colon + 1)),
  ];
  if (!user || !password) throw new SmtpUrlError('has a user name without password, or a password without user name');
  return { user, password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SmtpUrlError('has a `%` that encodes nothing');
  }
}

function endpoint(text: string): { host: string; port: number | undefined } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?\.?))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (!host || (match?.[1] && isIP(host) !== 6)) {
    throw new SmtpUrlError(
      'has a host that is missing or no host name, or a port that is no number (a raw `/`, `?` or `#` in a password?)',
    );
  }
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65535))
    throw new SmtpUrlError('has a port that is not from 1 to 65535');
  return { host, port };
}

function parametersIn(query: string): Partial<Record<Parameter, string>> {
  const found: Partial<Record<Parameter, string>> = {};
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', value = ''] = part.split(/=(.*)/s).map(decoded);
    const known = Object.hasOwn(parameters, name) ? (name as Parameter) : undefined;
    if (!known) {
      // With a raw `@` behind it, the name may be a piece of a password that holds a raw question mark.
      const isPlain = /^[a-zA-Z][a-zA-Z0-9._-]{0,40}$/.test(name) && !query.includes('@');
      const shown = isPlain ? `the parameter ${name}` : 'a parameter';
      throw new SmtpUrlError(`has ${shown}, which is not known here${hint(name)}`);
    }
    if (found[known] !== undefined) throw new SmtpUrlError(`has the parameter ${known} twice`);
    const { allowed, shape } = parameters[known];
    if (!shape.test(value))
      throw new SmtpUrlError(`has the parameter ${known} with a value that is none of: ${allowed}`);
    found[known] = value;
  }
  return found;
}

function hint(name: string): string {
  return /^tls\.(?:ca|rejectUnauthorized)$/i.test(name)
    ? ' (an authority of your own goes into NODE_EXTRA_CA_CERTS)'
    : '';
}

function isOn(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : value === 'true';
}
