import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { hasRedisServer } from '../support/stores.js';
import { mutants, tryPatch } from './mutants.js';

const execute = promisify(execFile);
const isPossible = process.platform === 'linux' && hasRedisServer;

describe.skipIf(!isPossible)('faults (needs Linux and a redis-server or valkey-server on PATH)', async () => {
  beforeAll(async () => {
    const compiler = ['node_modules/typescript/bin/tsc', '-p', 'test/faults/tsconfig.json'];
    await execute(process.execPath, compiler, { cwd: packageFolder });
  }, 120_000);

  // Together they take half as long as one after the other: much of a round is waiting.
  // Shows: V-26
  it.concurrent.each([
    ['in our own table', 'own'],
    ['in the table of an app that writes to it', 'users'],
    ['with hashes in a second table of that app', 'logins'],
  ])(
    'break no promise in a short run of all of them, with accounts %s',
    async (_where, home) => {
      const short = ['--seconds', '8', '--round', '8', '--least', '101', '--seed', '5'];
      const args = ['dist/faults/test/faults/run.js', '--homes', home, ...short];
      const { stdout } = await execute(process.execPath, args, { cwd: packageFolder }).catch(
        (error: { stdout: string; stderr: string }) => ({ stdout: `${error.stdout}${error.stderr}` }),
      );
      expect(stdout).not.toMatch(/VIOLATION|Error/);
      const [, operations, faults, violations] =
        /^(\d+) operations, (\d+) faults, (\d+) violations/m.exec(stdout) ?? [];
      expect(Number(operations), stdout).toBeGreaterThan(100);
      expect(Number(faults)).toBeGreaterThan(3);
      expect(violations).toBe('0');
    },
    240_000,
  );

  const planted = await mutants();

  it('are planted in twenty-one ways', () => {
    expect(planted.map(({ name }) => name)).toHaveLength(21);
  });

  // Whether the checks catch each planted fault is tested by `npm run mutants`, which `.ci/run` runs.
  it.each(planted)('$name can be planted', (mutant) => tryPatch(mutant));
});
