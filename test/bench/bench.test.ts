import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { isInstalled, notInstalled } from '../../bench/better-auth.js';
import { readOptions } from '../../bench/options.js';
import { targets } from '../../bench/targets.js';
import { packageFolder } from '../../src/package-files.js';
import { hasRedisServer } from '../support/stores.js';

const run = promisify(execFile);
const inPackage = { cwd: packageFolder };
const isMeasurable = process.platform === 'linux' && hasRedisServer;
/** They need a folder of another product, which not everybody installs. */
const beside = ['deliveredCpu', 'deliveredPerSecond'];
/** They are measured with `--growth` alone. */
const withGrowth = ['manyAccounts', 'manyAccountsMails', 'manyJobs'];

describe.skipIf(!isMeasurable)(
  'the benchmark (skipped without Linux and a redis-server or valkey-server on PATH)',
  () => {
    let output: string;
    beforeAll(async () => {
      await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'bench/tsconfig.json'], inPackage);
      ({ stdout: output } = await run(process.execPath, ['dist/bench/bench/run.js', '--smoke'], inPackage));
    }, 120_000);

    it('tells the machine and the versions', () => {
      expect(output).toMatch(
        /^\d+ cores \(.+\), \d+ GiB, Linux \S+, load before the run [\d.]+; Node \d+\.\S+, PostgreSQL \d+\.\d+, (?:redis|valkey)-server \d+\.\S+;/,
      );
    });

    it('measures every row, each a number above 0', () => {
      const cells = output
        .split('\n')
        .flatMap((line) => (line.startsWith('| ') ? [line.split('|').map((cell) => cell.trim())] : []));
      for (const [index, [key, target]] of Object.entries(targets).entries()) {
        const [, name, ours, , other, , , , verdict] = cells[index + 2] ?? [];
        expect(name).toBe(target.name);
        if (withGrowth.includes(key)) expect(verdict).toBe('not asked');
        else if (beside.includes(key) && !isInstalled()) expect(verdict).toBe(`not shown: ${notInstalled}`);
        // These figures are a difference of two measurements of a moment: they may even be negative.
        else if (target.name.includes('beside its hashes')) expect(Number(ours), name).not.toBeNaN();
        else {
          expect(Number(ours), name).toBeGreaterThan(0);
          // A process of a moment may have used no tick of CPU.
          if ('against' in target) expect(Number(other), name).toBeGreaterThanOrEqual(0);
        }
      }
    });

    it('says which process spent what', () => {
      expect(output).toMatch(/^\| Latchkey \| request \| [\d.]+ \| – \| [\d.]+ \| [\d.]+ \| [\d.]+ \|$/m);
      expect(output).toMatch(/^\| Latchkey \| request with its mail delivered( \| [\d.]+){5} \|$/m);
    });
  },
);

describe('options of the benchmark', () => {
  it.each([
    ['--only=speed', '--only: "speed" is none of requests, mails, delivered, resets, start, growth'],
    ['--rounds=0', '--rounds: a whole number from 1 to 1000, not 0'],
    ['--most-accounts=1e6', '--most-accounts: a whole number from 1 to 100000000, not 1e6'],
  ])('say what %s does wrong', (option, message) => {
    expect(() => readOptions([option])).toThrow(message);
  });

  it('measure growth when asked', () => {
    expect(readOptions([]).only).not.toContain('growth');
    expect(readOptions(['--growth', '--most-accounts', '10000000'])).toMatchObject({
      only: ['requests', 'mails', 'delivered', 'resets', 'start', 'growth'],
      accounts: 100_000,
      sizes: { accounts: [10_000, 100_000, 10_000_000], jobs: [1_000, 1_000_000] },
    });
  });
});
