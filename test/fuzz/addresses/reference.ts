import { domainToASCII, domainToUnicode } from 'node:url';
import isemail from 'isemail';

/** A text as the reference reads it; nothing here knows our parser. */
export interface Reading {
  readonly text: string;
  /** Without outer spaces. */
  readonly bare: string;
  /** What stands before and after the last `@`. */
  readonly local: string;
  readonly domain: string;
  /** The domain by UTS 46, in lower case; empty where it has none. */
  readonly ascii: string;
  /** That domain in Unicode, as people see it. */
  readonly shown: string;
  /** isemail's diagnosis of the text: below 16 an address that SMTP can carry (RFC 5321), above one that it cannot. */
  readonly diagnosis: number;
  /** That of the text without outer spaces. */
  readonly diagnosisOfBare: number;
}

/** Below it, isemail calls an address valid for SMTP. */
const leastInvalid = 16;

export function readByReference(text: string): Reading {
  const bare = text.replace(/^ +| +$/g, '');
  const at = bare.lastIndexOf('@');
  const domain = bare.slice(at + 1);
  const ascii = asciiOf(domain);
  return {
    text,
    bare,
    local: bare.slice(0, Math.max(at, 0)),
    domain,
    ascii,
    shown: domainToUnicode(ascii),
    diagnosis: diagnose(text),
    diagnosisOfBare: diagnose(bare),
  };
}

export function isAccepted(diagnosis: number): boolean {
  return diagnosis < leastInvalid;
}

/** isemail says that a part or the whole is too long. */
export function isTooLong(diagnosis: number): boolean {
  return [66, 67, 68, 69].includes(diagnosis);
}

/** isemail says that the domain has signs that no host name has. */
export function isOddDomain(diagnosis: number): boolean {
  return diagnosis === 65;
}

/**
 * `domainToASCII` reads a host of a URL, so it is asked only about texts without the signs that mean more there. Of a
 * domain in ASCII it does not check the labels that say they are encoded, so these are decoded and encoded again.
 */
function asciiOf(domain: string): string {
  if (!/^[a-z0-9.-]*$/i.test(domain.replace(/[^\p{ASCII}]/gu, ''))) return '';
  const ascii = domainToASCII(domain).toLowerCase();
  const encoded = ascii.split('.').filter((label) => label.startsWith('xn--'));
  const isDecoded = encoded.every((label) => {
    const decoded = domainToUnicode(label);
    return decoded !== label && domainToASCII(decoded) === label;
  });
  return isDecoded && (encoded.length === 0 || domainToASCII(domainToUnicode(ascii)) === ascii) ? ascii : '';
}

/** isemail 3.2.0 throws for some unclosed quotes and for what punycode cannot encode. */
function diagnose(text: string): number {
  try {
    return isemail.validate(text, { errorLevel: true });
  } catch {
    return 255;
  }
}
