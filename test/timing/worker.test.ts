import { describe, expect, it } from 'vitest';
import { createDatabase, createRedis, hasRedisServer } from '../support/stores.js';
import { Attacks, type Observed, type Scenario } from './oracle-attack.js';
import { OracleStage } from './oracle-stage.js';
import { inWords, verdict } from './verdict.js';
import { attackInPairs } from './worker-trials.js';

const names = [
  'sixth since it was asked for',
  'sixth since the first request',
  'sixth after the first own mail',
  'sixth after the fifth',
  'fifth since the first request',
  'last of all since the first request',
];

// A short form of `npm run timing -- worker`; the figures themselves are taken on a machine where nothing else runs.
// How long a place is held is tested in test/password-reset/no-oracle.test.ts, with a clock of the test. API and worker
// are two processes, which cannot share the stand-in for Redis.
describe.skipIf(!hasRedisServer)('the experiment of the worker as an oracle (needs a redis-server on PATH)', () => {
  it('finds the leak that there was: a place that is given up where nothing is sent', {
    timeout: 120_000,
  }, async () => {
    const [database, redis] = await Promise.all([createDatabase(), createRedis()]);
    let stage: OracleStage | undefined;
    try {
      const scenario: Scenario = { domain: 'company.example', manner: { atEnd: 700 }, tarpit: true };
      const stores = { database: database.url, redis: redis.url ?? '' };
      stage = await OracleStage.set(stores, 60, Attacks.mannerOf(scenario, 60), true);
      const attacks = new Attacks(stage, scenario);
      await attacks.prepare(8);
      const trials = await attackInPairs(attacks, 4);
      for (const each of [...trials.known, ...trials.unknown]) expect(Object.keys(each)).toEqual(names);
      const { n, says, medians } = verdict(trials);
      expect({ n, says }).toEqual({ n: 4, says: 'leak' });
      expect(medians.known - medians.unknown).toBeGreaterThan(300);
    } finally {
      await stage?.close();
      await redis.stop();
      await database.drop();
    }
  });
});

describe('the verdict', () => {
  const drawn = (count: number, more: (index: number) => number): Observed[] =>
    Array.from({ length: count }, (_, index) => ({ noise: (index * 7) % 13, told: ((index * 5) % 11) + more(index) }));

  it('shows a leak by the statistic that tells it, whichever side is later', () => {
    for (const later of [20, -20]) {
      const found = verdict({ known: drawn(40, () => later), unknown: drawn(40, () => 0) });
      expect(found).toMatchObject({ says: 'leak', best: 'told', auc: 1 });
    }
  });

  it('shows none where there is nothing to tell, and says what so few trials cannot exclude', () => {
    const found = verdict({ known: drawn(40, () => 0), unknown: drawn(40, () => 0) });
    expect(found.says).toBe('none');
    expect(inWords(found)).toMatch(/^no leak seen; n = 40 excludes an AUC above 0\.6\d\d only, 2\d\d trials may/);
  });

  it('leaves it open where a few trials lean to one side', () => {
    const found = verdict({ known: drawn(6, (index) => (index % 3 ? 6 : 0)), unknown: drawn(6, () => 0) });
    expect(found.says).toBe('undecided');
    expect(inWords(found)).toMatch(/^undecided: \[0\.\d{3}, \d\.\d{3}\] holds 0\.55; \d+ trials may tell$/);
  });
});
