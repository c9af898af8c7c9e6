import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { mintResetKey, parseResetKey } from '../../src/password-reset/keys/reset-key.js';
import { sourceFiles } from '../contract/source-files.js';
import { startLatchkey } from '../support/latchkey.js';

const count = 20_000;

// Shows: R-10, V-11, ASVS 6.5.3, ASVS 6.5.4, NIST 4.2.1.2-1
it('are 256 bits each, never twice the same, and each bit is set as often as not', () => {
  const ones = new Array<number>(256).fill(0);
  const keys = new Set<string>();
  for (let each = 0; each < count; each++) {
    const key = mintResetKey();
    keys.add(key);
    const bytes = Buffer.from(key, 'base64url');
    if (bytes.length !== 32 || parseResetKey(key) !== key) throw new Error(`not a key: ${bytes.length} bytes`);
    for (let bit = 0; bit < 256; bit++) ones[bit] = (ones[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
  expect(keys.size).toBe(count);
  // Ten standard deviations: by chance one run in 10^20.
  const most = 10 * Math.sqrt(count / 4);
  expect(ones.filter((sum) => Math.abs(sum - count / 2) > most)).toEqual([]);
});

// Shows: R-10, V-11, ASVS 6.5.3
it('and every other secret come from the crypto module alone', async () => {
  const files = await sourceFiles('src');
  const drawing = files.filter((file) => /Math\.random/.test(readFileSync(join(packageFolder, file), 'utf8')));
  // Pauses and lengths that are told nobody as a secret.
  expect(drawing).toEqual(['src/jobs/put-off.ts', 'src/mail/dialogue-times.ts', 'src/mail/relay/breaker.ts']);
});

// Shows: V-10
it('that are none are never sent to Redis, and of one that could be only the digest', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true });
  try {
    const sent: string[] = [];
    const redis = latchkey.services.redis as Redis;
    const send = redis.sendCommand.bind(redis);
    redis.sendCommand = (command, ...more) => {
      const { args } = command as unknown as { args: unknown[] };
      sent.push(args.map((each) => (Buffer.isBuffer(each) ? each.toString('latin1') : String(each))).join(' '));
      return send(command, ...more);
    };
    const could = mintResetKey();
    for (const key of ['canary', `canary${'A'.repeat(36)}`, `${'canary'.repeat(7)}AA`, 'canary\r\nGET x', could]) {
      const answers = [
        await latchkey.client.passwordResetKey(key),
        await latchkey.client.resetPassword({ key, password: 'a quite new password' }),
      ];
      for (const answer of answers) expect(answer).toMatchObject({ __typename: 'InvalidResetKey', reason: 'UNKNOWN' });
    }
    // Looked up: the key that could be one, twice. Counted: all failures, by the caller.
    expect(sent.filter((each) => each.includes('reset:'))).toHaveLength(2);
    expect(sent.some((each) => each.includes('key-failure'))).toBe(true);
    expect(sent.join('\n')).not.toMatch(/canary/);
    expect(sent.join('\n')).not.toContain(could);
  } finally {
    await latchkey.close();
  }
});
