import { describe, expect, it } from 'vitest';
import { hasRedisServer } from '../support/stores.js';
import { hunt, mutants, plant } from './mutants.js';

const isPossible = process.platform === 'linux' && hasRedisServer;

describe('a fault planted in the sources', async () => {
  const planted = await mutants();

  it('is one of eleven', () => {
    expect(planted.map(({ name }) => name)).toHaveLength(11);
  });

  describe.skipIf(!isPossible)(
    '(needs Linux and a redis-server or valkey-server on PATH)',
    { concurrent: true },
    () => {
      it.each(planted)(
        '$name is caught',
        async (mutant) => {
          const { tree, remove } = await plant(mutant);
          const { caught, output } = await hunt(tree, mutant.options).finally(remove);
          expect(caught, output).toMatch(/^caught by .+ after \d+ operations$/);
          // What is planted breaks a promise, not the rig.
          expect(output).not.toContain('ended at its start');
        },
        360_000,
      );
    },
  );
});
