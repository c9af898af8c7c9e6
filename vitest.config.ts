import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long come first, so that no worker waits at the end for another's last; the rig and the planted faults
 * take every core, and come when all others are done.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = (file: TestSpecification) => (isRig(file) ? 2 : isLong(file) ? 0 : 1);
    return [0, 1, 2].flatMap((each) => sorted.filter((file) => rank(file) === each));
  }
}

/** Real processes, stores that are killed, and clocks take longer than their size says. */
function isLong({ moduleId }: TestSpecification): boolean {
  return /\/test\/(?:bench|browser|processes|stores|timing|dev\/postgres)\//.test(moduleId);
}

function isRig({ moduleId }: TestSpecification): boolean {
  return moduleId.endsWith('/test/faults/faults.test.ts');
}

export default defineConfig({
  resolve: {
    // type-graphql loads graphql as CommonJS; the ESM build beside it would be another realm.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    // What only makes sense at full size has no short form here: see `npm run flood`.
    include: ['test/**/*.test.ts', ...(process.env.FLOOD === 'full' ? ['test/**/*.flood.ts'] : [])],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Tests wait for conditions. This only ends what would never end, also on a machine that is busy with other things.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    server: { deps: { inline: ['graphql'] } },
  },
});
