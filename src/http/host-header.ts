import { isIPv6 } from 'node:net';

/**
 * Whether a request names exactly one valid host (RFC 9112, 3.2): it has one `Host` header, and a target in absolute
 * form repeats it. If a proxy and we could read different names from a request, it is refused.
 */
export function namesOneHost(rawHeaders: readonly string[], target: string): boolean {
  const [host, second] = hostsIn(rawHeaders);
  if (host === undefined || second !== undefined || !isHost(host)) return false;
  const repeated = authorityIn(target);
  return repeated === undefined || withoutDefaultPort(repeated) === withoutDefaultPort(host.toLowerCase());
}

/** The target in origin form: `/livez` of `http://recover.example.com/livez`. */
export function originForm(url: string): string {
  const authority = authorityIn(url);
  if (authority === undefined) return url;
  const rest = url.slice(url.indexOf('//') + 2 + authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Reads the raw headers: of several `Host` headers Node's parsed headers keep the first and do not tell. */
function hostsIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
}

function authorityIn(url: string): string | undefined {
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]?.toLowerCase();
}

function withoutDefaultPort(authority: string): string {
  return authority.replace(/:(?:80|443)?$/, '');
}

/**
 * A name, or an address in brackets (RFC 3986, 3.2.2), with or without a port. RFC 1123 allows no underscore in a host
 * name, but container tools make such names.
 */
function isHost(text: string): boolean {
  const [, name = '', address] = /^([a-zA-Z0-9._-]{1,253}|\[([^\]]*)\])(?::\d{0,5})?$/.exec(text) ?? [];
  return name !== '' && (address === undefined || isIPv6(address));
}
