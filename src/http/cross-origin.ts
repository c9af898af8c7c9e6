import type { FastifyCorsOptions } from '@fastify/cors';

/** Pages of a developer's own machine, on any port. */
const onThisMachine = /^https?:\/\/(?:(?:[a-z0-9_-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/**
 * Which browser origins may call. They may send any headers (tools add `sentry-trace` or `apollographql-client-name`):
 * the protection is the preflight request of the browser, and no answer depends on a header that only some may send.
 *
 * @param origins the value of `CORS_ORIGINS`; a star stands for one label of a host name.
 * @param production otherwise every origin on the developer's machine is allowed too.
 */
export function crossOrigin(origins: readonly string[], production: boolean): FastifyCorsOptions {
  const allowed = [...origins.map(matcher), ...(production ? [] : [onThisMachine])];
  return {
    origin: allowed.length > 0 ? allowed : false,
    methods: ['POST'],
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  };
}

function matcher(origin: string): string | RegExp {
  if (!origin.includes('*')) return origin;
  const [before = '', after = ''] = origin.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${before}[a-z0-9_-]{1,63}${after}$`);
}
