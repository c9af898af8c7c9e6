import { describe, expect, it } from 'vitest';
import { mutants, protocol, protocolSteps, scenarios } from './scenarios.js';
import { type Walk, walk } from './walk.js';

describe('the reset protocol, in every order of its steps and faults', () => {
  let states = 0;
  const taken = new Set<string>();

  it.each(Object.values(scenarios))('holds I1 to I6: $name', (scenario) => {
    const walked = walk(scenario, protocol);
    states += walked.states;
    for (const label of walked.taken) taken.add(label);
    console.log(`${scenario.name}: ${extent(walked)}`);
    expect(violation(walked)).toBe('none');
    expect(walked.states).toBeGreaterThan(2_000);
  });

  it('was walked through in more than 10,000 states', () => {
    console.log(`${states} states in all`);
    expect(states).toBeGreaterThan(10_000);
  });

  it('takes every step that the protocol has', () => {
    for (const step of protocolSteps) expect(taken).toContain(step);
  });

  // Accepted: what is refused while an earlier sending of it still runs may yet happen. The walk proves that the same
  // call, made once nothing runs any more, is then answered with success (I4).
  it('can refuse a call whose earlier sending, still running, is committed afterwards', () => {
    const { refusedThenCommitted } = walk(scenarios.twoFaults, protocol);
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

/** The invariant and the shortest way to break it. */
function violation({ violation }: Walk): string {
  if (!violation) return 'none';
  const { invariant, trace } = violation;
  return [`${invariant}, in ${trace.length} steps`, ...trace.map((step, index) => `  ${index + 1}. ${step}`)].join(
    '\n',
  );
}
