import { randomBytes } from 'node:crypto';
import type { Random } from '../support/random.js';
import type { Known } from './accounts.js';
import { recordName, type Stage } from './stage.js';

/**
 * Writes a record for a key that was never mailed: with a random MAC, or the genuine record of another key, or that
 * record with another version.
 */
export async function forgeRecord(
  { home, recording, postgres, redis }: Stage,
  account: Known,
  keys: readonly string[],
  random: Random,
): Promise<string | undefined> {
  const key = randomBytes(32).toString('base64url');
  const mailed = keys.at(-1);
  if (home !== 'own') {
    // The genuine record of another key, perhaps with a changed byte, which may be one of its version.
    const record = (mailed && (await redis.client.getBuffer(recordName(mailed)))) || randomBytes(90);
    if (random.chance(0.5)) record[random.between(0, record.length - 1)] = random.between(48, 57);
    recording.forged.add(key);
    await redis.client.set(recordName(key), record, 'EX', 3_600);
    return key;
  }
  const rows = await postgres.query<{ credential_version: number }>(
    'select credential_version from account where id = $1',
    [account.id],
  );
  const version = rows[0]?.credential_version;
  if (version === undefined) return undefined;
  const record = randomBytes(44);
  record.write(account.id.replaceAll('-', ''), 0, 'hex');
  record.writeUInt32BE(version, 16);
  record.writeBigUInt64BE(BigInt(Date.now() + 3_600_000), 20);
  if (mailed && random.chance(0.5)) {
    const real = await redis.client.getBuffer(recordName(mailed));
    real?.copy(record, 0);
    if (random.chance(0.5)) record.writeUInt32BE(version, 16);
  }
  recording.forged.add(key);
  await redis.client.set(recordName(key), record, 'EX', 3_600);
  return key;
}
