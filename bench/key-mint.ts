import { createLog } from '../src/observability/log.js';
import { Metrics } from '../src/observability/metrics.js';
import { digestOf, mintResetKey } from '../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../src/password-reset/keys/reset-keys.js';
import { readSettings } from '../src/settings/settings.js';
import type { Stage } from './stage.js';

/** Makes keys and writes their records as the worker would, without mails. */
export class KeyMint {
  readonly #resetKeys: ResetKeys;
  #next = 0;

  constructor(private readonly stage: Stage) {
    const { secrets } = readSettings(stage.ours.environment, 'api');
    this.#resetKeys = new ResetKeys(stage.redis, secrets, createLog('warn', 'bench'), new Metrics());
  }

  /** Makes a key for each of the next `many` accounts; fewer at the end of the table. */
  async mint(many: number): Promise<string[]> {
    const { database, accounts } = this.stage.ours;
    const { rows } = await database.query<{ id: string; credential_version: number; expires_at: Date }>(
      `select id, credential_version, now() + interval '1 hour' as expires_at
         from account order by email offset $1 limit $2`,
      [this.#next % accounts, many],
    );
    this.#next += many;
    return Promise.all(
      rows.map(async (row) => {
        const key = mintResetKey();
        const record = { accountId: row.id, credentialVersion: row.credential_version, expiresAt: row.expires_at };
        await this.#resetKeys.remember(digestOf(key), record, 3_600);
        return key;
      }),
    );
  }

  async bytesPerKey(): Promise<number> {
    const { redis } = this.stage;
    await this.mint(100);
    const names = await redis.keys('reset:*');
    const sizes = await Promise.all(names.slice(0, 100).map((name) => redis.memory('USAGE', name)));
    return sizes.reduce((sum: number, size) => sum + (size ?? 0), 0) / sizes.length;
  }
}
