import { createHash } from 'node:crypto';
import { read, readOrTell } from '../reader.js';

/** More receivers need a service of your own that passes events on; each has a queue of its own here. */
export const mostReceivers = 4;
/** Bytes of a secret; Standard Webhooks asks for 24 to 64. */
const secretBytes = { least: 24, most: 64 } as const;
const leastDifferent = 8;

/** Says what is wrong with `EVENTS_URL`, without the URL, whose path or query may be secret. */
class EventsUrlError extends Error {}

/** The URLs that events are sent to, in the order in which they were given. */
export const eventUrls = readOrTell<readonly string[]>((text) => {
  const urls = text.split(',').map((each, index) => eventUrl(each.trim(), `the URL at place ${index + 1}`));
  if (new Set(urls).size < urls.length) throw new EventsUrlError('names a URL twice; allowed: each once');
  if (urls.length > mostReceivers)
    throw new EventsUrlError(`names ${urls.length} URLs; allowed: at most ${mostReceivers}`);
  return urls;
}, EventsUrlError);

function eventUrl(text: string, which: string): string {
  const allowed = 'allowed: https://host/path (http outside of production), several separated by commas';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:\/\/[^/]/i.test(text)) {
    throw new EventsUrlError(`${which} is none (a comma in it is written %2C); ${allowed}`);
  }
  if (url.username || url.password) {
    throw new EventsUrlError(
      `${which} holds a user name or password; events are signed, and carry neither; ${allowed}`,
    );
  }
  if (text.includes('#')) throw new EventsUrlError(`${which} holds a fragment (#), which is never sent; ${allowed}`);
  return url.href;
}

/**
 * The secrets of each URL: separated by commas in the order of the URLs, and by `|` where several sign during a
 * rotation.
 */
export const eventSecrets = read<readonly (readonly string[])[]>(
  'a secret for each URL, separated by commas; two of one URL during a rotation are separated by |. A secret is ' +
    `whsec_ and base64, or 24 to 64 printable characters without comma, | and space; of ${secretBytes.least} to ` +
    `${secretBytes.most} random bytes, for instance from \`echo whsec_$(openssl rand -base64 32)\``,
  (text) => {
    const each = text.split(',').map((ofUrl) => ofUrl.split('|').map((secret) => secret.trim()));
    const isGood = each.every((secrets) => secrets.every(isStrong) && new Set(secrets).size === secrets.length);
    return isGood ? each : undefined;
  },
);

function isStrong(secret: string): boolean {
  if (!/^[!-~]+$/.test(secret)) return false;
  const marked = /^whsec_(.*)$/.exec(secret)?.[1];
  if (marked !== undefined && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(marked)) {
    return false;
  }
  const key = keyOfSecret(secret);
  return key.length >= secretBytes.least && key.length <= secretBytes.most && new Set(key).size >= leastDifferent;
}

/** The bytes that sign: those of the base64 after `whsec_`, else those of the text. */
export function keyOfSecret(secret: string): Buffer {
  const marked = /^whsec_(.*)$/.exec(secret)?.[1];
  return marked === undefined ? Buffer.from(secret) : Buffer.from(marked, 'base64');
}

/** A receiver of events, as the settings name it. */
export interface ReceiverSettings {
  /** Made of the URL, and stored in jobs: twelve hexadecimal digits. */
  readonly id: string;
  readonly url: string;
  /** For metrics, logs and commands: the URL's host, and its place where several have the same. */
  readonly name: string;
  /** The first to the last all sign. Empty in a process that does not send. */
  readonly secrets: readonly string[];
}

export function receiversOf(urls: readonly string[], secrets: readonly (readonly string[])[]): ReceiverSettings[] {
  const hosts = urls.map((url) => new URL(url).host);
  return urls.map((url, index) => {
    const host = hosts[index] ?? '';
    const isAlone = hosts.filter((each) => each === host).length === 1;
    return {
      id: createHash('sha256').update(url).digest('hex').slice(0, 12),
      url,
      name: isAlone ? host : `${host} (${index + 1})`,
      secrets: secrets[index] ?? [],
    };
  });
}
