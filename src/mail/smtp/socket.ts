import { lookup } from 'node:dns/promises';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { SmtpTimeouts } from './timeouts.js';

/**
 * Connects to a relay by the addresses that the system gives its name, `/etc/hosts` included (getaddrinfo), as the
 * clients of PostgreSQL and Redis do; nodemailer would ask DNS first, and a mail with a key would go elsewhere. All
 * addresses are tried in turn, each for its share of the time.
 */
export async function openSocket(
  { host, port }: { readonly host: string; readonly port: number },
  timeouts: Pick<SmtpTimeouts, 'dns' | 'connection'>,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = await within(timeouts.dns, signal, 'EDNS', lookup(host, { all: true }));
  const given: LookupFunction = (_host, { all }, done) => {
    const [first = { address: '', family: 0 }] = addresses;
    // Node waits for a look-up that answers later.
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

/** @throws what the promise threw, or an error of this code once the time or the signal ended it. */
async function within<T>(ms: number, signal: AbortSignal, code: string, promise: Promise<T>): Promise<T> {
  const ends = AbortSignal.any([AbortSignal.timeout(ms), signal]);
  return new Promise<T>((resolve, reject) => {
    const late = () => reject(named(new Error('took too long'), code));
    if (ends.aborted) late();
    ends.addEventListener('abort', late, { once: true });
    promise.then(resolve, (error: Error) => reject(named(error, code === 'EDNS' ? 'EDNS' : undefined)));
  });
}

/** By nodemailer's codes, the system's beside it. */
function named(error: Error & { code?: string; originalCode?: string }, code: string | undefined): Error {
  if (code === undefined || error.code === code) return error;
  return Object.assign(error, { code, ...(error.code ? { originalCode: error.code } : {}) });
}
