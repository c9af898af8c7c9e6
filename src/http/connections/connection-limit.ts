import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import { TrustedHops } from '../trusted-hops.js';
import { type ConnectionBounds, Connections } from './connections.js';
import { readInSlices } from './slices.js';

/** Open connections of one process. */
const most = 4_000;
/** File descriptors for the stores, files and what else a process opens. */
const reserved = 128;
/** Of one address that is no trusted proxy. */
const share = 0.05;
/** Milliseconds between two alarms that say the same. */
const pause = 60_000;

/**
 * Bounds the connections and what each may ask for, so that a flood takes neither the memory nor the file descriptors
 * that the stores need, and nobody takes the places of all others. Every kind of request passes here: those that expect
 * something (RFC 9110, 10.1.1) too, which Node hands over by other events.
 */
export function limitConnections(
  server: Server,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  hops = new TrustedHops([]),
  bounds = boundsOfApi(),
): Connections {
  const told = new Map<keyof ConnectionBounds, number>();
  const connections = new Connections(bounds, hops, (bound, client) => {
    if (performance.now() - (told.get(bound) ?? Number.NEGATIVE_INFINITY) < pause) return;
    told.set(bound, performance.now());
    const { alarm, message } = alarms[bound];
    metrics.alarm(alarm);
    log.error({ reason: alarm, client, count: bounds[bound] }, `ALARM: ${message}`);
  });
  server.on('connection', (socket) => {
    connections.open(socket);
    readInSlices(socket);
  });

  type Answer = (request: IncomingMessage, response: ServerResponse) => void;
  const [answer] = server.listeners('request') as Answer[];
  server.removeAllListeners('request');
  const answerInTurn: Answer = (request, response) => {
    if (connections.admit(request, response)) answer?.(request, response);
  };
  server.on('request', answerInTurn);
  // An expectation that we do not know may be ignored; Node's own refusal has no headers.
  server.on('checkExpectation', answerInTurn);
  server.on('checkContinue', (request, response) => {
    if (!connections.admit(request, response)) return;
    response.writeContinue();
    answer?.(request, response);
  });
  return connections;
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
