import type { Redis } from 'ioredis';
import type { Environment } from '../../support/production-settings.js';
import type { TestDatabase } from '../../support/test-database.js';

/** Where a stage gets its stores from. */
export interface Stores {
  /** A new, migrated database. */
  database(): Promise<TestDatabase>;
  /** A new Redis server. */
  redis(): Promise<{ readonly url: string; readonly client: Redis; stop(): Promise<void> }>;
}

export interface StageOptions {
  /** Settings in addition to those of production. */
  readonly settings?: Environment;
  /** The numbers of API and worker processes: 1 and 1 by default. */
  readonly apis?: number;
  readonly workers?: number;
  /** A relay instead of the inbox. */
  readonly smtp?: string;
  /** Flags of the Node that runs the APIs. */
  readonly flags?: readonly string[];
  readonly isFull?: boolean;
  /** Does not wait until the APIs say that all is well. */
  readonly isUnready?: boolean;
}
