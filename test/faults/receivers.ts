import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Environment } from './processes.js';
import { now, type Recording } from './recording.js';

/** What a receiver does instead of answering 204. */
export type ReceiverFault =
  | { readonly does: 'answer'; readonly status: number; readonly location?: string; readonly bytes?: number }
  /** Never answers. */
  | { readonly does: 'hang' }
  /** Takes the event, and closes the connection. */
  | { readonly does: 'drop' };

/** An event that reached a receiver whole. */
export interface Arrival {
  readonly receiver: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** When its first byte was there. */
  readonly received: number;
  /** The status of the answer, and when it was given; undefined for none. */
  readonly status: number | undefined;
  readonly answered: number;
}

/** A service that is told of events, behind a proxy of its own. */
export interface EventReceiver {
  readonly name: string;
  readonly url: string;
  /** Each of them signs. */
  readonly secrets: readonly string[];
  readonly way: TcpProxy;
  fault: ReceiverFault | undefined;
  stop(): Promise<void>;
}

/** Two receivers: one in the middle of a rotation of its secret, one with a secret that is text. */
export async function startReceivers(recording: Recording): Promise<[EventReceiver, EventReceiver]> {
  const marked = () => `whsec_${randomBytes(32).toString('base64')}`;
  return Promise.all([
    startReceiver('receiver-1', [marked(), marked()], recording),
    startReceiver('receiver-2', [randomBytes(24).toString('base64url')], recording),
  ]);
}

/** The settings of every process. */
export function settingsOfEvents(receivers: readonly EventReceiver[]): Environment {
  return {
    EVENTS_URL: receivers.map(({ url }) => url).join(),
    EVENTS_SECRET: receivers.map(({ secrets }) => secrets.join('|')).join(),
  };
}

async function startReceiver(name: string, secrets: readonly string[], { told }: Recording): Promise<EventReceiver> {
  const server = createServer(async (request, response) => {
    const received = now();
    // A worker may die, or its line break, while it sends.
    const body = await request.toArray().catch(() => undefined);
    if (!body) return;
    const { method = '', url: path = '', headers } = request;
    const fault = set.fault ?? { does: 'answer', status: 204 };
    const status = fault.does === 'answer' ? fault.status : undefined;
    const whole = Buffer.concat(body).toString();
    told.push({ receiver: name, method, path, headers, body: whole, received, status, answered: now() });
    respond(response, fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const there = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events?of=${name}`;
  const way = await TcpProxy.to(there);
  const set: Pick<EventReceiver, 'fault'> = { fault: undefined };
  const stop = async () => {
    way.shut();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(set, { name, secrets, url: way.through(there), way, stop });
}

function respond(response: ServerResponse, fault: ReceiverFault): void {
  response.on('error', () => undefined);
  if (fault.does === 'hang') return;
  if (fault.does === 'drop') return void response.destroy();
  const { status, location, bytes = 0 } = fault;
  response.writeHead(status, location ? { location } : {}).end(bytes ? Buffer.alloc(bytes, 'x') : undefined);
}
