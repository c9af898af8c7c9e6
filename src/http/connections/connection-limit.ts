import { readFileSync } from 'node:fs';
import { atMostEvery } from '../../observability/at-most-every.js';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import type { ConnectionBounds, Connections } from './connections.js';

/** Open connections of one process. */
const most = 4_000;
/** File descriptors kept for the stores, files and everything else that a process opens. */
const reserved = 128;
/** The part of all connections that one address may have unless it is a trusted proxy. */
const share = 0.05;
/** Milliseconds between two equal alarms. */
const pause = 60_000;

/**
 * Bounds the open connections, so that a flood uses up neither the memory nor the file descriptors that the stores
 * need, and one client cannot take the places of all others. Raises an alarm when a bound is met.
 */
export function limitConnections(
  connections: Connections,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  bounds = boundsOfApi(),
): void {
  const alarmOf = (bound: keyof ConnectionBounds) =>
    atMostEvery(pause, (_count, client: string | undefined) => {
      const { alarm, message } = alarms[bound];
      metrics.alarm(alarm);
      log.error({ reason: alarm, client, count: bounds[bound] }, `ALARM: ${message}`);
    });
  const alarm = { all: alarmOf('all'), perClient: alarmOf('perClient') };
  connections.bound(bounds, (bound, client) => alarm[bound](client));
}

const alarms = {
  all: { alarm: 'connections-full', message: 'too many connections are open, so some that wait are ended' },
  perClient: {
    alarm: 'connections-of-one-client',
    message:
      'one address has its whole share of the connections; if it is a proxy or a server of yours, TRUST_PROXY must name it',
  },
} as const;

function boundsOfApi(): ConnectionBounds {
  const all = mostConnections();
  return { all, perClient: Math.max(1, Math.floor(all * share)) };
}

/** A container may allow only 1,024 open files. At its start Node raised the soft limit to the hard one. */
function mostConnections(): number {
  try {
    const allowed = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return allowed ? Math.max(reserved, Math.min(most, Number(allowed) - reserved)) : most;
  } catch {
    return most;
  }
}
