/** For `localhost` fastify makes a second server for `::1`, which knows nothing of the bounds on connections. */
export function loopback(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}
