import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';

/** An address in the form that `parseEmailAddress` returns; nothing else makes one. */
export type EmailAddress = string & { readonly __brand: 'EmailAddress' };

/** RFC 5321 4.5.3.1: a path has at most 256 octets with its brackets; a local part 64; a domain 255 (253 as text). */
const longest = { address: 254, localPart: 64, domain: 253 };
/**
 * RFC 5322 3.2.3, dot-atom, ASCII only: no quotes, comments or control characters. Without `%` and `!`, with which old
 * relays route a mail on to another host (`a%b@relay`, `b!a@relay`; RFC 1123 5.2.16).
 */
const dotAtom = /^[a-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[a-z0-9#$&'*+/=?^_`{|}~-]+)*$/;
/** Begins an encoded word (RFC 2047 2). Some mail programs decode it even in an address, which makes it another one. */
const encodedWord = '=?';
/** RFC 1035 2.3.1 and RFC 1123 2.1: letters, digits and inner hyphens, at least two labels, no dot at the end. */
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Parses one plain e-mail address. Sign-up, sign-in, import and reset all use this function, so that every spelling of
 * an address is one account and one counter.
 *
 * Trims outer ASCII spaces and corrects nothing else. The local part is lower-cased by ASCII rules, the domain goes
 * through IDNA (`domainToASCII`).
 *
 * @returns undefined for everything that is not one plain address.
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
  // `domainToASCII` cuts and decodes as for a URL (`%41`, `a/b`, `a:1`) and drops invisible characters, so it is given
  // only characters that a host name may hold.
  const foreign = text.replace(/[a-zA-Z0-9.-]/g, '');
  if (/[\p{ASCII}\p{Cf}]/u.test(foreign) || !text.isWellFormed()) return undefined;
  const domain = asciiLowerCase(domainToASCII(text));
  const isName = hostName.test(domain) && domain.length <= longest.domain && isIP(domain) === 0;
  return isName && isDecodable(domain) ? domain : undefined;
}

/**
 * RFC 5891 5.4: a label that begins with `xn--` must decode to the one name that is encoded so, and 4.2.3.1: that name has
 * inner hyphens only. Node 24 checks neither where the whole domain is ASCII (`xn---00k` is shown like `xn--00k` then,
 * and is another domain), and never the hyphens.
 */
function isDecodable(domain: string): boolean {
  if (!domain.includes('xn--')) return true;
  const shown = domainToUnicode(domain);
  return !/(?:^|\.)(?:xn--|-)|-(?:\.|$)/.test(shown) && domainToASCII(shown) === domain;
}

function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * How an app may have stored the domain of an address in lower case: in ASCII, and as people write it. Always two texts,
 * so that no look-up costs more than another.
 */
export function spellingsOf(address: string): [ascii: string, shown: string] {
  const at = address.lastIndexOf('@') + 1;
  return [address, address.slice(0, at) + domainToUnicode(address.slice(at))];
}

/** A stored address as mails go to it: its own local part, which may have capitals, and the domain in ASCII. */
export function withDomainOf(stored: string, parsed: EmailAddress): string {
  const trimmed = stored.replace(/^ +| +$/g, '');
  return trimmed.slice(0, trimmed.lastIndexOf('@')) + parsed.slice(parsed.lastIndexOf('@'));
}
