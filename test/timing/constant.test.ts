import { expect, it } from 'vitest';
import { startLatchkey } from '../support/latchkey.js';
import { timePairs } from './pairs.js';
import { equivalence, isFound, pairedDifference, quantileDifferences } from './quantiles.js';
import { questions } from './questions.js';

/** Times without randomness: from 1 to 2 milliseconds, and slower from block to block. */
const times = (count: number, later = 0, step = 37) =>
  Array.from({ length: count }, (_, index) => 1 + ((index * step) % 101) / 101 + index / count + later);

it('finds a difference that was planted, at each quantile, and none where there is none', () => {
  const verdicts = (later: number) =>
    quantileDifferences({ one: times(8_000, later), other: times(8_000) }).map((each) => equivalence(each, 0.01));
  expect(verdicts(0)).toEqual(['within', 'within', 'within']);
  expect(verdicts(0.005)).toEqual(['within', 'within', 'within']);
  expect(verdicts(0.02)).toEqual(['beyond', 'beyond', 'beyond']);
  expect(verdicts(-0.02)).toEqual(['beyond', 'beyond', 'beyond']);
  expect(equivalence({ quantile: 0.5, difference: 0, error: 0.05 }, 0.01)).toBe('undecided');
  const found = (later: number) =>
    quantileDifferences({ one: times(8_000, later), other: times(8_000) }, [0.5]).map(isFound);
  expect([found(0.01), found(-0.01), found(0)]).toEqual([[true], [true], [false]]);
  expect(isFound({ quantile: 0.5, difference: 0.01, error: 0.01 })).toBe(false);
  // Within pairs, whose calls meet different noise.
  const paired = (later: number) => pairedDifference({ one: times(8_000, later), other: times(8_000, 0, 41) });
  expect([0.04, -0.04, 0].map((later) => isFound(paired(later)))).toEqual([true, true, false]);
  expect(paired(0.04).difference).toBeCloseTo(0.04, 2);
  expect(equivalence(paired(0), 0.02)).toBe('within');
  expect(equivalence(paired(0.1), 0.02)).toBe('beyond');
  expect(() => quantileDifferences({ one: times(100), other: times(100) })).toThrow(RangeError);
});

// `npm run timing -- constant` in short: all its calls succeed, for known and unknown alike. Times are not judged here.
it('the experiment gets the same answer for known and unknown', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true, env: { SIGN_UP: 'confirm' } });
  try {
    await latchkey.database.query(
      `insert into account (id, email, status) select gen_random_uuid(), 'person' || lpad(n::text, 4, '0') || '@example.com', 'active' from generate_series(0, 9) n`,
    );
    const results = [];
    for (const question of Object.values(questions())) {
      results.push((await timePairs(latchkey.url, 8, question, 100, 2)).results);
    }
    expect(results).toEqual([
      { PasswordResetRequested: 16 },
      { PasswordResetRequested: 16 },
      { SignUpRequested: 16 },
      { SignUpRequested: 16 },
      { InvalidResetKey: 16 },
      { InvalidResetKey: 16 },
    ]);
  } finally {
    await latchkey.close();
  }
});
