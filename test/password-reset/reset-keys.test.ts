import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { digestOf, mintResetKey } from '../../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../../src/password-reset/keys/reset-keys.js';
import { createRedis } from '../support/stores.js';

const secrets = [randomBytes(32).toString('base64url')];
const expiresAt = new Date(1_800_000_000_123);
const uuid = '0b9cbb0e-6d3f-4c53-8e0a-2f3a51f0c3aa';

let embedded: Awaited<ReturnType<typeof createRedis>>;
let redis: Redis;
beforeAll(async () => {
  embedded = await createRedis();
  redis = embedded.connect ? (embedded.connect() as Redis) : new Redis(embedded.url ?? '');
});
afterAll(async () => {
  redis?.disconnect();
  await embedded?.stop();
});

function keys(shape: string) {
  const metrics = new Metrics();
  const alarms: string[] = [];
  metrics.alarm = (alarm) => void alarms.push(alarm);
  return { of: new ResetKeys(redis, secrets, createLog('silent', 'test'), metrics, shape), alarms };
}
const digest = () => digestOf(mintResetKey());
const nameOf = (of: Buffer) => `reset:${of.toString('base64url')}`;

it('a record of the last release is read, and keys of our own table are remembered as it did', async () => {
  const { of, alarms } = keys('');
  const one = digest();
  await of.remember(one, { accountId: uuid, credentialVersion: 3, expiresAt }, 60);
  const fields = Buffer.alloc(28);
  fields.write(uuid.replaceAll('-', ''), 'hex');
  fields.writeUInt32BE(3, 16);
  fields.writeBigUInt64BE(BigInt(expiresAt.getTime()), 20);
  const purpose = 'latchkey reset record v1';
  const subkey = Buffer.from(hkdfSync('sha256', secrets[0] ?? '', '', purpose, 32));
  const mac = createHmac('sha256', subkey).update(purpose).update(one).update(fields).digest().subarray(0, 16);
  expect(await redis.getBuffer(nameOf(one))).toEqual(Buffer.concat([fields, mac]));
  expect(await of.lookUp(one)).toMatchObject({ accountId: uuid, credentialVersion: 3, expiresAt });
  expect(alarms).toEqual([]);
});

it.each(['7', uuid, `cl'1:"ä\\?`, 'x'.repeat(500)])(
  'a record beside an app keeps the id as it is: %j',
  async (accountId) => {
    const { of, alarms } = keys('public.users');
    const one = digest();
    await of.remember(one, { accountId, credentialVersion: 2, stamp: 'what the row says', expiresAt }, 60);
    const found = await of.lookUp(one);
    expect(found).toMatchObject({ accountId, credentialVersion: 2, expiresAt });
    expect((await redis.getBuffer(nameOf(one)))?.includes('what the row says')).toBe(false);
    if (!found) return;
    expect(of.isFor(found, { credentialVersion: 2, stamp: 'what the row says' })).toBe(true);
    expect(of.isFor(found, { credentialVersion: 3, stamp: 'what the row says' })).toBe(false);
    expect(of.isFor(found, { credentialVersion: 2, stamp: 'something else' })).toBe(false);
    expect(of.isFor(found, { credentialVersion: 2, stamp: '' })).toBe(false);
    expect(alarms).toEqual([]);
  },
);

it('a record of accounts that lived elsewhere opens nothing, and is no alarm', async () => {
  const all = ['', 'public.users', 'public.users2'];
  for (const written of all) {
    const one = digest();
    const stamp = written ? 's' : '';
    await keys(written).of.remember(one, { accountId: uuid, credentialVersion: 1, stamp, expiresAt }, 60);
    for (const read of all.filter((each) => each !== written)) {
      const { of, alarms } = keys(read);
      expect(await of.lookUp(one)).toBeUndefined();
      expect(alarms).toEqual([]);
    }
  }
});

it('a record with any changed byte, or under another digest, is none of ours, and an alarm', async () => {
  const { of, alarms } = keys('public.users');
  const one = digest();
  await of.remember(one, { accountId: '41', credentialVersion: 1, stamp: 's', expiresAt }, 60);
  const bytes = (await redis.getBuffer(nameOf(one))) ?? Buffer.alloc(0);
  expect(bytes.length).toBeGreaterThan(40);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await redis.set(nameOf(one), changed);
    expect(await of.lookUp(one)).toBeUndefined();
  }
  for (const cut of [0, 1, 15, 16, 17, bytes.length - 1]) {
    await redis.set(nameOf(one), bytes.subarray(0, cut));
    expect(await of.lookUp(one)).toBeUndefined();
  }
  const other = digest();
  await redis.set(nameOf(other), bytes);
  expect(await of.lookUp(other)).toBeUndefined();
  expect(alarms).toHaveLength(bytes.length + 7);
});
