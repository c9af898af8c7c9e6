import { describe, expect, it, vi } from 'vitest';
import { mutants, protocol, protocolSteps, scenarios } from './scenarios.js';
import type { Scenario } from './state.js';
import { type Walk, walk } from './walk.js';

// The walks only compute, so on a busy machine they take several times as long.
vi.setConfig({ testTimeout: 120_000 });

describe('the reset protocol, in every order of its steps and faults', () => {
  const walks = new Map<string, Walk>();
  /** Walks each scenario once, for the first test that needs it, so that every test can run alone. */
  const walkOf = (scenario: Scenario): Walk => {
    const walked = walks.get(scenario.name) ?? walk(scenario, protocol);
    walks.set(scenario.name, walked);
    return walked;
  };
  const all = () => Object.values(scenarios).map(walkOf);

  it.each(Object.values(scenarios))('holds I1 to I6: $name', (scenario) => {
    const walked = walkOf(scenario);
    console.log(`${scenario.name}: ${extent(walked)}`);
    expect(violation(walked)).toBe('none');
    expect(walked.states).toBeGreaterThan(2_000);
  });

  it('was walked through in more than 10,000 states', () => {
    const states = all().reduce((sum, walked) => sum + walked.states, 0);
    console.log(`${states} states in all`);
    expect(states).toBeGreaterThan(10_000);
  });

  it('takes every step that the protocol has', () => {
    const taken = new Set(all().flatMap((walked) => [...walked.taken]));
    for (const step of protocolSteps) expect(taken).toContain(step);
  });

  // Accepted: a retry is refused while the client's first call still runs, and that call then commits. The walk proves
  // that the same call, made after all calls have ended, is answered with success (I4).
  it('can refuse a call whose earlier sending, still running, is committed afterwards', () => {
    const { refusedThenCommitted } = walkOf(scenarios.twoFaults);
    console.log(`refused, then committed:\n${refusedThenCommitted?.join('\n')}`);
    expect(refusedThenCommitted?.at(-1)).toContain('COMMIT');
  });
});

describe('the walk finds a protocol with', () => {
  it.each(mutants)('$name: breaks $caughtBy', ({ name, rules, scenario, caughtBy }) => {
    const walked = walk(scenario, { ...protocol, ...rules });
    console.log(`${name}: after ${extent(walked)}\n${violation(walked)}`);
    expect(walked.violation?.invariant.slice(0, 2)).toBe(caughtBy);
  });
});

function extent({ states, steps, milliseconds }: Walk): string {
  return `${states} states, ${steps} steps, ${Math.round(milliseconds)} ms`;
}

/** @returns the broken invariant and the shortest trace to it, or `none`. */
function violation({ violation }: Walk): string {
  if (!violation) return 'none';
  const { invariant, trace } = violation;
  return [`${invariant}, in ${trace.length} steps`, ...trace.map((step, index) => `  ${index + 1}. ${step}`)].join(
    '\n',
  );
}
