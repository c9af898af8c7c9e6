import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Caller, type CallerOptions } from './caller.js';
import type { Stage } from './stage.js';

/** What is attacked, as anybody sees it. */
export interface Target {
  /** Base URLs of its APIs; from outside there is one. */
  readonly urls: readonly string[];
  /** The domain of all addresses that are asked for. */
  readonly mailDomain: string;
  /** Floods have their full size. */
  readonly isFull: boolean;
  /** A client that has not called before, in a network of its own where the target allows that. */
  stranger(options?: CallerOptions): Caller;
  /** An address that nobody has asked for. */
  address(): string;
}

/** Whether it is one of our own, into which we can look. */
export function isStage(target: Target): target is Stage {
  return 'beside' in target;
}

/** A new address of a mailbox that nobody has. */
export function newAddress(mailDomain: string): string {
  return `attack-${randomBytes(6).toString('hex')}@${mailDomain}`;
}

/** Somebody's deployment. All strangers are the same client, who stops where its limits begin. */
export function outside(url: string, mailDomain: string, isFull: boolean): Target {
  const urls = [url.replace(/\/+$/, '')];
  return {
    urls,
    mailDomain,
    isFull,
    stranger: (options = {}) => new Caller(urls, { ...options, stopsAtLimits: true }),
    address: () => newAddress(mailDomain),
  };
}

/** Whether every address of the URL's host is one of this machine's own. */
export async function isLoopback(url: string): Promise<boolean> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) > 0 ? [host] : await addressesOf(host);
  return found.length > 0 && found.every((each) => each === '::1' || /^(?:::ffff:)?127\./.test(each));
}

async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
}
