import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as z from 'zod';
import { parseRedisUrl, RedisUrlError } from './redis-url.js';
import { parseDatabaseUrl } from './stores/database-url.js';
import { DatabaseUrlError } from './stores/database-url-error.js';

/** Reads text; a thrown or returned fault becomes "allowed: …". */
export function read<T>(allowed: string, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = attempt(() => parse(text.trim()));
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `allowed: ${allowed}` });
    return z.NEVER;
  }) as unknown as z.ZodType<T, string>;
}

function attempt<T>(parse: () => T | undefined): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

export const integer = (least: number, most: number, unit = '') =>
  read(`a whole number from ${least} to ${most}${unit && ` (${unit})`}`, (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });

export const oneOf = <const T extends string>(...allowed: T[]) =>
  read(allowed.join(', '), (text) => allowed.find((each) => each === text));

export const switches = new Map([
  ['on', true],
  ['true', true],
  ['off', false],
  ['false', false],
]);
export const onOrOff = read('on, off', (text) => switches.get(text));

export const host = read('a host name or an IP address', (text) =>
  /^[a-zA-Z0-9.:_-]{1,253}$/.test(text) ? text : undefined,
);

export const plainText = read('1 to 64 characters without control characters', (text) =>
  /^[^\p{Cc}\p{Cf}]{1,64}$/u.test(text) && text.isWellFormed() ? text : undefined,
);

export const origin = read('an origin: http(s)://host[:port], nothing after it', (text) => {
  const url = new URL(text);
  const bare = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  return /^https?:$/.test(url.protocol) && bare && !text.includes('?') && !text.includes('#') ? url.origin : undefined;
});

export const link = (...protocols: string[]) =>
  read(`a URL (${protocols.join(' ')}) without user name, password or fragment`, (text) => {
    const url = new URL(text);
    const plain = !url.username && !url.password && !text.includes('#');
    return protocols.includes(url.protocol) && plain ? url.href : undefined;
  });

/** A URL that tells itself what is wrong with it, because there are several forms; the URL as it was, trimmed. */
const toldUrl = (parse: (text: string) => unknown, Fault: typeof RedisUrlError | typeof DatabaseUrlError) =>
  z.string().transform((text, context) => {
    try {
      parse(text.trim());
      return text.trim();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

export const databaseUrl = toldUrl(parseDatabaseUrl, DatabaseUrlError);
export const redisUrl = toldUrl(parseRedisUrl, RedisUrlError);

export const list = <T>(allowed: string, parseOne: (text: string) => T | undefined, once?: (part: T) => unknown) =>
  read(`${allowed}, several separated by commas`, (text) => {
    const parts = text.split(',').map((part) => parseOne(part.trim()));
    if (!parts.every((part) => part !== undefined)) return undefined;
    return once && new Set(parts.map(once)).size < parts.length ? undefined : parts;
  });

export const limits = list(
  'points/seconds, for instance 3/3600, both whole numbers above 0, each number of seconds once',
  (text) => {
    const match = /^(\d{1,7})\/(\d{1,7})$/.exec(text);
    const [points, seconds] = [Number(match?.[1]), Number(match?.[2])];
    return points > 0 && seconds > 0 && seconds <= 2_592_000 ? { points, seconds } : undefined;
  },
  // Two windows of one length would share a counter, and each call would count twice.
  ({ seconds }) => seconds,
);

/** PKCS#8 PEM (line ends may be written as `\n`) or JWK. */
export const signingKey = read<KeyObject>('an Ed25519 private key, PKCS#8 PEM or JWK', (text) => {
  const key = text.startsWith('{')
    ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
    : createPrivateKey(text.replaceAll('\\n', '\n'));
  return key.asymmetricKeyType === 'ed25519' ? key : undefined;
});

export const mailbox = read('an address, or a name and an address: Acme <no-reply@acme.example>', (text) => {
  const match = /^(?:"?([^"<>\p{Cc}]{0,64}?)"?\s*<)?([!-~]{1,64}@[a-z0-9.-]{1,253})>?$/iu.exec(text);
  const bracketed = text.includes('<') === text.endsWith('>');
  return match?.[2] && bracketed && !/[<>()[\],;:\\"]/.test(match[2])
    ? { name: match[1] ?? '', address: match[2] }
    : undefined;
});

/** Strict, because lenient parsers read `1` (a number of hops elsewhere) and octal parts as other addresses. */
export const cidrs = list(
  'networks in CIDR notation (10.0.0.0/8, 2001:db8::/32; not /0) or single addresses',
  (text) => {
    const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text);
    const [address = '', bits] = [match?.[1], isIP(match?.[1] ?? '') === 6 ? 128 : 32];
    const prefix = Number(match?.[2] ?? bits);
    return isIP(address) && prefix >= 1 && prefix <= bits ? `${address}/${prefix}` : undefined;
  },
);

export const seconds = (most: number) => integer(1, most, 'seconds');
