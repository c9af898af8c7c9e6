import { isIPv6 } from 'node:net';

/**
 * Whether a request names one host, in words that can be one (RFC 9112, 3.2): exactly one `Host`, which a target in
 * absolute form repeats. Where two readers could each believe another name, nobody gets an answer.
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

/** Node keeps the first of several, and its parsed headers do not tell. */
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
 * A name or an address in brackets (RFC 3986, 3.2.2), and perhaps a port. Underscores are in no host name by RFC 1123,
 * but in those that containers get from their tools.
 */
function isHost(text: string): boolean {
  const [, name = '', address] = /^([a-zA-Z0-9._-]{1,253}|\[([^\]]*)\])(?::\d{0,5})?$/.exec(text) ?? [];
  return name !== '' && (address === undefined || isIPv6(address));
}
