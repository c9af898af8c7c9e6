import { lookup } from 'node:dns/promises';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { SmtpTimeouts } from './timeouts.js';

/**
 * Connects to a relay by the addresses that the system has for its name, `/etc/hosts` included (getaddrinfo), as the
 * clients of PostgreSQL and Redis do. Nodemailer would ask DNS first, so a mail with a key could go to another host.
 * Tries all addresses in turn, each for an equal part of the time.
 *
 * @throws Error with the code EDNS, ETIMEDOUT or ESOCKET; the system's code is in `originalCode`.
 */
export async function openSocket(
  { host, port }: { readonly host: string; readonly port: number },
  timeouts: Pick<SmtpTimeouts, 'dns' | 'connection'>,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = await within(timeouts.dns, signal, 'EDNS', lookup(host, { all: true }));
  const given: LookupFunction = (_host, { all }, done) => {
    const [first = { address: '', family: 0 }] = addresses;
    // Node expects the callback of a look-up to be called asynchronously.
    setImmediate(() => (all ? done(null, addresses) : done(null, first.address, first.family)));
  };
  const share = Math.max(250, Math.floor(timeouts.connection / addresses.length));
  const socket = connect({ host, port, lookup: given, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: share });
  const connected = new Promise<Socket>((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => reject(named(error, 'ESOCKET')));
  });
  try {
    return await within(timeouts.connection, signal, 'ETIMEDOUT', connected);
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}

/** @throws what the promise threw, or an error with this code when the time or the signal ended the wait. */
async function within<T>(ms: number, signal: AbortSignal, code: string, promise: Promise<T>): Promise<T> {
  const ends = AbortSignal.any([AbortSignal.timeout(ms), signal]);
  return new Promise<T>((resolve, reject) => {
    const late = () => reject(named(new Error('took too long'), code));
    if (ends.aborted) late();
    ends.addEventListener('abort', late, { once: true });
    promise.then(resolve, (error: Error) => reject(named(error, code === 'EDNS' ? 'EDNS' : undefined)));
  });
}

/** Gives an error one of nodemailer's codes; the system's code moves to `originalCode`. */
function named(error: Error & { code?: string; originalCode?: string }, code: string | undefined): Error {
  if (code === undefined || error.code === code) return error;
  return Object.assign(error, { code, ...(error.code ? { originalCode: error.code } : {}) });
}
