import type { Health } from '../http/operations.js';
import type { Log } from '../observability/log.js';
import type { Settings } from '../settings/settings.js';
import type { LineSecurity } from '../stores/postgres/tls.js';
import { parseDatabaseUrl } from '../stores/postgres/url.js';

const local = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** How the connections to the stores are protected. Warns once, at start, if they are not encrypted or not verified. */
export function lineSecurity(settings: Settings, log: Log): Health['lines'] {
  const { host, security: postgres } = parseDatabaseUrl(settings.database.url);
  const redis: LineSecurity = settings.redis.url.startsWith('rediss') ? 'verified' : 'plain';
  const tell = (part: string, reason: string, message: string) => log.warn({ part, reason }, message);
  if (settings.production && postgres === 'plain' && !local.test(host)) {
    tell('postgres', 'line-not-encrypted', 'connections to PostgreSQL are not encrypted; add sslmode=verify-full');
  }
  if (postgres === 'unverified') {
    tell(
      'postgres',
      'line-not-verified',
      'connections to PostgreSQL are encrypted, but the server is not verified and may be anybody; use sslmode=verify-full',
    );
  }
  return { postgres, redis };
}
