/** For `localhost` fastify opens a second server on `::1`, which would not have our bounds on connections. */
export function loopback(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}
