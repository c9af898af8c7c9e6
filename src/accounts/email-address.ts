import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** An address as our parser writes it. Only `parseEmailAddress` makes one. */
export type EmailAddress = string & { readonly __brand: 'EmailAddress' };

/** RFC 5321 4.5.3.1: a path has at most 256 octets with its brackets; a local part 64; a domain 255 (253 as text). */
const longest = { address: 254, localPart: 64, domain: 253 };
/**
 * RFC 5322 3.2.3, dot-atom, ASCII only: no quotes, comments or control characters. Without `%` and `!`, by which relays
 * of old route on to another host (`a%b@relay`, `b!a@relay`; RFC 1123 5.2.16).
 */
const dotAtom = /^[a-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[a-z0-9#$&'*+/=?^_`{|}~-]+)*$/;
/** Begins an encoded word (RFC 2047 2), which some mail programs decode even in an address: to somebody else's. */
const encodedWord = '=?';
/** RFC 1035 2.3.1 and RFC 1123 2.1: letters, digits and inner hyphens, at least two labels, no dot at the end. */
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads one plain e-mail address; the only such function, used by sign-up, sign-in, import and reset alike, so that
 * every spelling that reaches one mailbox is one account and one counter.
 *
 * Outer ASCII spaces are trimmed and nothing else is mended. The local part is lower-cased by ASCII rules, the domain
 * goes through IDNA (`domainToASCII`). Returns undefined for everything that is not one plain address.
 */
export function parseEmailAddress(text: string): EmailAddress | undefined {
  if (text.length > 2 * longest.address) return undefined;
  const trimmed = text.replace(/^ +| +$/g, '');
  const at = trimmed.lastIndexOf('@');
  const localPart = asciiLowerCase(trimmed.slice(0, Math.max(at, 0)));
  const domain = parseDomain(trimmed.slice(at + 1));
  if (!dotAtom.test(localPart) || localPart.includes(encodedWord)) return undefined;
  if (localPart.length > longest.localPart || domain === undefined) return undefined;
  const address = `${localPart}@${domain}`;
  return address.length <= longest.address ? (address as EmailAddress) : undefined;
}

function parseDomain(text: string): string | undefined {
  // `domainToASCII` cuts or decodes what a URL would (`%41`, `a/b`, `a:1`) and drops invisible characters: only what a
  // host name may hold gets there.
  const foreign = text.replace(/[a-zA-Z0-9.-]/g, '');
  if (/[\p{ASCII}\p{Cf}]/u.test(foreign) || !text.isWellFormed()) return undefined;
  const domain = asciiLowerCase(domainToASCII(text));
  const isName = hostName.test(domain) && domain.length <= longest.domain && isIP(domain) === 0;
  return isName ? domain : undefined;
}

function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
