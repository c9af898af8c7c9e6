import { expect, it } from 'vitest';
import { dummyOf } from '../../src/accounts/passwords/forms/names.js';
import { importLines } from '../support/imports.js';
import { startLatchkey } from '../support/latchkey.js';
import { auc, chanceAuc, difference } from './figures.js';
import { timeRefusals } from './trials.js';

// A short form of `npm run timing -- sign-in`: it measures refused sign-ins. The figures themselves are taken on a
// machine where nothing else runs. test/accounts/passwords/forms/shares.test.ts tests that both sides do equal work.
it('the experiment refuses known and unknown alike and tells what a clock could', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true });
  try {
    const entries = Array.from({ length: 50 }, (_, index) => ({
      email: `person${index}@tenant.example`,
      hash: dummyOf('bcrypt 06'),
    }));
    expect(await importLines(latchkey.services.accounts, entries)).toMatchObject({ added: 50 });
    const sides = await timeRefusals(latchkey.url, 12, {
      one: (trial) => `person${trial}@tenant.example`,
      other: (trial) => `nobody${trial}@tenant.example`,
    });
    expect(sides.results).toEqual({ InvalidCredentials: 24 });
    expect([sides.one.length, sides.other.length]).toEqual([12, 12]);
    for (const figure of [auc(sides), chanceAuc(sides), difference(sides).bound]) expect(figure).toBeGreaterThan(0);
  } finally {
    await latchkey.close();
  }
});
