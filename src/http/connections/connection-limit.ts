import { readFileSync } from 'node:fs';
import { atMostEvery } from '../../observability/at-most-every.js';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import type { ConnectionBounds, Connections } from './connections.js';

/** Open connections of one process. */
const most = 4_000;
/** File descriptors for the stores, files and what else a process opens. */
const reserved = 128;
/** Of one address that is no trusted proxy. */
const share = 0.05;
/** Milliseconds between two alarms that say the same. */
const pause = 60_000;

/**
 * Bounds the connections, so that a flood takes neither the memory nor the file descriptors that the stores need, and
 * nobody takes the places of all others.
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

/** Containers may allow as few as 1,024 open files. Node has raised the soft limit to the hard one by now. */
function mostConnections(): number {
  try {
    const allowed = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return allowed ? Math.max(reserved, Math.min(most, Number(allowed) - reserved)) : most;
  } catch {
    return most;
  }
}
