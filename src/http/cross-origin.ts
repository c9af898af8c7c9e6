import type { FastifyCorsOptions } from '@fastify/cors';

/** A developer's own pages, on whatever port their tool took. */
const onThisMachine = /^https?:\/\/(?:(?:[a-z0-9_-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/**
 * Which browser origins may call, with whatever headers their tools add (`sentry-trace`, `apollographql-client-name`): that
 * the browser asks first is the protection, and no answer depends on a header that only some may send.
 *
 * @param origins as `CORS_ORIGINS` has them; a star is one label of a host name
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
