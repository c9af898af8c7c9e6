import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The rig and the planted faults take every core, and come when all others are done. */
const rig = 'test/faults/faults.test.ts';
/** Real processes, stores that are killed, and clocks take longer than their size says. */
const long = /\/test\/(?:adoption|bench|browser|processes|stores|timing|dev\/postgres)\//;
/**
 * What asks programs of others that Node and npm do not bring: products whose tables we adopt, the package of an example, judges
 * of mails and page, PgBouncer, faketime. It is run by `npm run test:others`, and by whoever names a folder.
 */
const others = [
  'test/adoption/*.test.ts',
  'test/browser/{axe,example-adopt}.test.ts',
  'test/mail/judges.test.ts',
  'test/processes/clock.test.ts',
  'test/stores/postgres/pgbouncer.test.ts',
];
const isNamed = process.argv.slice(2).some((each) => each.startsWith('test/'));
// What only makes sense at full size has no short form here: see `npm run flood`.
const flood = process.env.FLOOD === 'full' ? ['test/**/*.flood.ts'] : [];

/** Files that take long come first, so that no worker waits at the end for another's last. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const shared = {
  setupFiles: ['test/support/setup.ts'],
  // Tests wait for conditions. This only ends what would never end, also on a machine that is busy with other things.
  testTimeout: 60_000,
  hookTimeout: 120_000,
  maxConcurrency: 2,
};

export default defineConfig({
  resolve: {
    // type-graphql loads graphql as CommonJS; the ESM build beside it would be another realm.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'tests',
          include: ['test/**/*.test.ts', ...flood],
          exclude: [rig, '**/node_modules/**', ...(isNamed ? [] : others)],
          // Nothing that changes stands in a module of ours, so files that one process runs one after the other load each once.
          isolate: false,
          // Three on two cores: for a quarter of its time a test waits for a time-out or for another process.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { ...shared, name: 'rig', include: [rig], maxWorkers: 1, maxConcurrency: 3, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
