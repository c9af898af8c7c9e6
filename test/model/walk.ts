import { broken } from './invariants.js';
import type { Rules, State } from './protocol.js';
import { encode, initial, type Scenario } from './state.js';
import { allSteps } from './world-steps.js';

export interface Walk {
  readonly states: number;
  readonly steps: number;
  readonly milliseconds: number;
  /** The labels of all steps that led to a state not seen before. */
  readonly taken: ReadonlySet<string>;
  readonly violation: { readonly invariant: string; readonly trace: readonly string[] } | undefined;
  /** The shortest trace in which a retry is refused, and the client's first call then commits all the same. */
  readonly refusedThenCommitted: readonly string[] | undefined;
}

/** With more states than this the walk would take too long for a test, so a change of the model has to be smaller. */
const mostStates = 1_000_000;

/**
 * Visits all states that can be reached, breadth first, and ends at the first violation, which so has the shortest
 * trace. @throws Error when there are more than `mostStates` states.
 */
export function walk(scenario: Scenario, rules: Rules): Walk {
  const begun = performance.now();
  const seen = new Set<string>();
  const parents: number[] = [];
  const labels: string[] = [];
  let level: { id: number; state: State }[] = [];
  let steps = 0;
  let refusedThenCommitted: readonly string[] | undefined;

  const traceTo = (id: number): string[] => {
    const trace: string[] = [];
    for (let at = id; at > 0; at = parents[at] ?? 0) trace.unshift(labels[at] ?? '');
    return trace;
  };
  const result = (violation: Walk['violation']): Walk => {
    const milliseconds = performance.now() - begun;
    return { states: seen.size, steps, milliseconds, taken: new Set(labels), violation, refusedThenCommitted };
  };
  /** @returns the invariant that this state breaks; undefined when it breaks none or was seen before. */
  const visit = (state: State, parent: number, label: string, into: typeof level): string | undefined => {
    const text = encode(state);
    if (seen.has(text)) return undefined;
    if (seen.size === mostStates) throw new Error(`more than ${mostStates} states`);
    seen.add(text);
    const id = parents.push(parent) - 1;
    labels.push(label);
    into.push({ id, state });
    if (state.refusedThenCommitted) refusedThenCommitted ??= traceTo(id);
    return broken(state, rules);
  };

  visit(initial(scenario), 0, '', level);
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { id, state } of level) {
      for (const step of allSteps(state, rules)) {
        steps++;
        const invariant = visit(step.state, id, step.label, next);
        if (invariant) return result({ invariant, trace: traceTo(parents.length - 1) });
      }
    }
    level = next;
  }
  return result(undefined);
}
