import { parseDatabaseUrl } from '../stores/postgres/url.js';
import { DatabaseUrlError } from '../stores/postgres/url-error.js';
import { parseRedisUrl, RedisUrlError } from '../stores/redis/url.js';
import { notAllowed, type Reader, read, readOrTell } from './reader.js';

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

/** The name of a build target, as conda and compilers write it: `x86_64-conda-linux-gnu`. */
const triplet = /^[a-z0-9_.]+-[a-z0-9_]+-(?:linux|darwin|mingw|windows|freebsd)[a-z0-9_.-]*$/;

/** Whether listening failed because of the host name or address, not because of the port. */
export function isHostFault({ code }: { code?: string }): boolean {
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EADDRNOTAVAIL';
}

/** A host name or IP address. Some shells set HOST to a build target; the fault says so. */
export const host: Reader<string> = (text) => {
  const name = text.trim();
  if (/^[a-zA-Z0-9.:_-]{1,253}$/.test(name) && !triplet.test(name)) return { kind: 'Read', value: name };
  const hint = triplet.test(name)
    ? ', but this is what conda and other tool chains set HOST to in a shell: unset it, or say HOST=127.0.0.1'
    : '';
  return notAllowed(`allowed: a host name or an IP address${hint}`);
};

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

/** Returns the text unchanged if `parse` does not throw. */
const checked = (parse: (text: string) => unknown) => (text: string) => {
  parse(text);
  return text;
};
export const databaseUrl = readOrTell(checked(parseDatabaseUrl), DatabaseUrlError);
export const redisUrl = readOrTell(checked(parseRedisUrl), RedisUrlError);

export const list = <T>(allowed: string, parseOne: (text: string) => T | undefined, once?: (part: T) => unknown) =>
  read<readonly T[]>(`${allowed}, several separated by commas`, (text) => {
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

export const mailbox = read('an address, or a name and an address: Acme <no-reply@acme.example>', (text) => {
  const match = /^(?:"?([^"<>\p{Cc}]{0,64}?)"?\s*<)?([!-~]{1,64}@[a-z0-9.-]{1,253})>?$/iu.exec(text);
  const bracketed = text.includes('<') === text.endsWith('>');
  return match?.[2] && bracketed && !/[<>()[\],;:\\"]/.test(match[2])
    ? { name: match[1] ?? '', address: match[2] }
    : undefined;
});

export const seconds = (most: number) => integer(1, most, 'seconds');
