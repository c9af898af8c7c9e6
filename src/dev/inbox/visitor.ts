import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../developers-machine.js';

/** What proxies and tunnels add: behind one on this machine everybody comes from here. */
const forwarded =
  /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*|fly-.*|x-envoy-.*|x-amzn-.*|ngrok-.*)$/;

/**
 * Whether somebody at this machine asks: over a connection from here, by a local name. By another name a page of
 * somebody else could ask, whose name was made to lead here (DNS rebinding).
 */
export function isAtThisMachine({ socket, headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d*$/, '');
  const comesThroughSomething = Object.keys(headers).some((name) => forwarded.test(name));
  return isLoopback(socket.remoteAddress ?? '') && isLoopback(host) && !comesThroughSomething;
}
