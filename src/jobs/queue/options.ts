import type { Pool } from 'pg';
import type { DatabaseOptions } from 'pg-boss';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';

export interface JobQueueOptions {
  /** `pg` options: address, TLS, timeouts. */
  readonly connection: Omit<DatabaseOptions, 'max'>;
  /** Options for the connection that listens, if it needs another address (behind a pooler). */
  readonly direct?: DatabaseOptions | undefined;
  /** The schema of the queue's tables. */
  readonly schema: string;
  readonly poolSize: number;
  /** Called with the connection pool each time that the queue opens one. */
  readonly onPool?: (pool: Pool) => void;
  readonly log: Log;
  readonly metrics: Metrics;
  /** A worker process listens for new jobs and watches over leases; a producer only writes. */
  readonly worker: boolean;
}
