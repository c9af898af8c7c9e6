import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../developers-machine.js';

/**
 * Headers that proxies and tunnels add. Behind a proxy on this machine every visitor's connection comes from this
 * machine.
 */
const forwarded =
  /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*|fly-.*|x-envoy-.*|x-amzn-.*|ngrok-.*)$/;

/**
 * Whether a request comes from this machine: over a loopback connection, with a local host name, and not through a
 * proxy. The host name is checked because an attacker's page may have a name that resolves to this machine (DNS
 * rebinding).
 */
export function isAtThisMachine({ socket, headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d*$/, '');
  const comesThroughSomething = Object.keys(headers).some((name) => forwarded.test(name));
  return isLoopback(socket.remoteAddress ?? '') && isLoopback(host) && !comesThroughSomething;
}
