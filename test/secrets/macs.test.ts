import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { digestOf, type KeyDigest, mintResetKey } from '../../src/password-reset/keys/reset-key.js';
import { ResetKeys } from '../../src/password-reset/keys/reset-keys.js';
import { Macs } from '../../src/secrets/macs.js';
import { createRedis } from '../support/stores.js';

const [first, second, third] = ['k7Vn2xQ9pLw4Rz8TbY6mHc3JdF5sGa1E', 'b'.repeat(32), 'c'.repeat(32)] as const;
const field = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 40 }));
const fields = fc.array(field, { maxLength: 5 });

describe('a MAC', () => {
  it('has 16 bytes and is verified by every process that knows the secret, wherever it stands', () => {
    fc.assert(
      fc.property(fields, (message) => {
        const mac = new Macs([first, second], 'a purpose').sign(...message);
        expect(mac).toHaveLength(16);
        for (const known of [[first], [second, first], [third, second, first]]) {
          expect(new Macs(known, 'a purpose').verify(mac, ...message)).toBe(true);
        }
        expect(new Macs([second, third], 'a purpose').verify(mac, ...message)).toBe(false);
        expect(new Macs([first], 'another purpose').verify(mac, ...message)).toBe(false);
      }),
    );
  });

  it('is of one list of fields only, however they are cut', () => {
    const text = (list: readonly (string | Uint8Array)[]) => JSON.stringify(list.map((each) => [...Buffer.from(each)]));
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        fc.pre(text(one) !== text(other));
        const macs = new Macs([first], 'a purpose');
        expect(macs.verify(macs.sign(...one), ...other)).toBe(false);
      }),
    );
    const macs = new Macs([first], 'a purpose');
    expect(macs.verify(macs.sign('ab', 'c'), 'a', 'bc')).toBe(false);
    expect(macs.verify(macs.sign('ab'), 'ab', '')).toBe(false);
  });

  it('of another length, or with one bit changed, is none', () => {
    const macs = new Macs([first, second], 'a purpose');
    const mac = macs.sign('x');
    for (const bad of [Buffer.alloc(0), mac.subarray(1), Buffer.concat([mac, mac])]) {
      expect(macs.verify(bad, 'x')).toBe(false);
    }
    for (let bit = 0; bit < 128; bit++) {
      const changed = Buffer.from(mac);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(macs.verify(changed, 'x')).toBe(false);
    }
  });

  it('needs a secret', () => {
    expect(() => new Macs([], 'a purpose')).toThrow(/need a secret/);
  });
});

describe('a reset record', () => {
  let server: Awaited<ReturnType<typeof createRedis>>;
  let redis: Redis;
  beforeAll(async () => {
    server = await createRedis();
    redis = server.connect?.() ?? new Redis(server.url ?? '');
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const keysWith = (...secrets: string[]) => new ResetKeys(redis, secrets, createLog('silent', 'test'), new Metrics());
  const record = { accountId: randomUUID(), credentialVersion: 7, expiresAt: new Date(1_795_000_000_000) };
  const found = { ...record, shape: '', mark: Buffer.alloc(0) };
  const purpose = 'latchkey reset record v1';

  /** @returns the record as the first release wrote it. */
  function released(secret: string, digest: KeyDigest): Buffer {
    const bytes = Buffer.alloc(28);
    bytes.write(record.accountId.replaceAll('-', ''), 0, 'hex');
    bytes.writeUInt32BE(record.credentialVersion, 16);
    bytes.writeBigUInt64BE(BigInt(record.expiresAt.getTime()), 20);
    const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
    const mac = createHmac('sha256', key).update(purpose).update(digest).update(bytes).digest().subarray(0, 16);
    return Buffer.concat([bytes, mac]);
  }

  it('of the first release is read, and the first release reads ours', async () => {
    const digest = digestOf(mintResetKey());
    const name = `reset:${digest.toString('base64url')}`;
    await redis.set(name, released(first, digest));
    expect(await keysWith(first).lookUp(digest)).toEqual(found);
    expect(await keysWith(second, first).lookUp(digest)).toEqual(found);
    await keysWith(first, second).remember(digest, record, 60);
    expect(await redis.getBuffer(name)).toEqual(released(first, digest));
  });

  it('is read at every step of a rotation by every process, and by none that dropped its secret', async () => {
    const steps = [[first], [first, second], [second, first], [second]] as const;
    for (const [at, signer] of steps.entries()) {
      const digest = digestOf(mintResetKey());
      await keysWith(...signer).remember(digest, record, 60);
      // Processes of the previous and the next step run at the same time as those of this step.
      for (const reader of steps.slice(Math.max(0, at - 1), at + 2)) {
        const isDropped = !(reader as readonly string[]).includes(signer[0]);
        expect(await keysWith(...reader).lookUp(digest)).toEqual(isDropped ? undefined : found);
      }
    }
  });
});
