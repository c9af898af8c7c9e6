import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';

/** Open connections of one process. */
const most = 4_000;
/** File descriptors for the stores, files and what else a process opens. */
const reserved = 128;
/** Requests of one connection that have no answer yet. Browsers and proxies send the next when they have read the last. */
const mostUnanswered = 8;
/** Milliseconds between two lines that say the same. */
const pause = 60_000;

/**
 * Bounds the connections, so that a flood takes neither the memory nor the file descriptors that the stores need. Shortly
 * before the end, connections that wait for their next request are closed: hoarders give way to people who call.
 */
export function limitConnections(app: FastifyInstance, log: Log, metrics: Metrics, limit = mostConnections()): void {
  const { server } = app;
  let open = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  server.maxConnections = limit;
  server.on('connection', (socket) => {
    open++;
    socket.once('close', () => open--);
    if (open > limit * 0.9) server.closeIdleConnections();
  });
  answerInTurn(app);
  server.on('drop', () => {
    metrics.alarm('connections-full');
    if (performance.now() - toldAt < pause) return;
    toldAt = performance.now();
    log.error({ reason: 'connections-full', count: open }, 'ALARM: connections are turned away, too many are open');
  });
}

/**
 * Ends connections that send on and on and read nothing: each 64 KiB that Node reads at once hold a thousand requests,
 * all of whose answers would wait in memory (measured: 1.2 GB for 100 connections).
 */
function answerInTurn({ server }: FastifyInstance): void {
  const unanswered = new WeakMap<Socket, number>();
  const [answer] = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const { socket } = request;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > mostUnanswered) {
      socket.destroy();
      return;
    }
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    answer?.(request, response);
  });
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
