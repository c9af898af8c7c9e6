import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The rig and the planted faults take every core, and come when the others are done. */
class FaultsLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !isRig(file)), ...sorted.filter(isRig)];
  }
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
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    maxConcurrency: 2,
    sequence: { sequencer: FaultsLast },
    reporters: ['default', './test/support/closing-line.ts'],
    server: { deps: { inline: ['graphql'] } },
  },
});
