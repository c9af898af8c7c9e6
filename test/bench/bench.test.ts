import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { hasRedisServer } from '../support/stores.js';

const run = promisify(execFile);
const inPackage = { cwd: packageFolder };
const isMeasurable = process.platform === 'linux' && hasRedisServer;

const rows = [
  'requests/s, known addresses',
  'requests/s, known addresses, floor with jobs written in groups',
  'server CPU s per 1,000 requests, known addresses',
  'requests/s, unknown addresses',
  'requests/s, unknown addresses, floor with jobs written in groups',
  'server CPU s per 1,000 requests, unknown addresses',
  'mails/s handed over by one worker',
  'worker CPU s per 1,000 mails',
  'kB per mail on the line',
  /^ms from the answer to the relay's 250 at \d+ requests\/s, p50$/,
  /^ms from the answer to the relay's 250 at \d+ requests\/s, p99$/,
  /^resets\/s, 8 connections; floor: two argon2id each alone, \d+ at a time$/,
  'server CPU ms per reset beside its hashes',
  'requests/s while 8 connections reset; floor: ours alone',
  'p99 ms of a request while 8 connections reset; floor: ours alone',
  'Redis bytes per outstanding key',
  'ms from start to ready, api',
  'ms from start to ready, worker',
  'MiB idle, api',
  'MiB after the load, api',
  'MiB idle, worker',
  'MiB after the load, worker',
];

describe.skipIf(!isMeasurable)(
  'the benchmark (skipped without Linux and a redis-server or valkey-server on PATH)',
  () => {
    let output: string;
    let refusals: unknown[];
    beforeAll(async () => {
      await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'bench/tsconfig.json'], inPackage);
      const bench = (option: string) => run(process.execPath, ['dist/bench/bench/run.js', option], inPackage);
      const [smoke, ...refused] = await Promise.all([
        bench('--smoke'),
        ...['--only=speed', '--rounds=0'].map((option) => bench(option).catch((error: unknown) => error)),
      ]);
      output = smoke.stdout;
      refusals = refused;
    }, 120_000);

    it('tells the machine and the versions', () => {
      expect(output).toMatch(
        /^\d+ cores \(.+\), load before the run [\d.]+; Node \d+\.\S+, PostgreSQL \d+\.\d+, (?:redis|valkey)-server \d+\.\S+;/,
      );
    });

    it('measures every row, each a number above 0', () => {
      const cells = output
        .split('\n')
        .flatMap((line) => (line.startsWith('| ') ? [line.split('|').map((cell) => cell.trim())] : []));
      const measured = cells
        .slice(2)
        .map(([, name = '', ours, floor]) => ({ name, ours: Number(ours), floor: Number(floor) }));
      expect(measured.map(({ name }) => name)).toEqual(
        rows.map((row) => (typeof row === 'string' ? row : expect.stringMatching(row))),
      );
      for (const { name, ours, floor } of measured) {
        // This figure is a difference of two measurements of a quarter of a second: it may even be negative.
        if (!name.includes('beside its hashes')) expect(ours, name).toBeGreaterThan(0);
        expect(ours, name).not.toBeNaN();
        expect(floor, name).toBeGreaterThanOrEqual(0);
      }
    });

    it('tells wrong options in one line', () => {
      expect(refusals).toMatchObject([
        { code: 1, stderr: 'bench: --only: "speed" is none of requests, mails, resets, start\n' },
        { code: 1, stderr: 'bench: --rounds: a whole number from 1 to 9999, not 0\n' },
      ]);
    });
  },
);
