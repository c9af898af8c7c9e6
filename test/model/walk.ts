import { broken } from './invariants.js';
import type { Rules, State } from './protocol.js';
import { encode, initial, type Scenario } from './state.js';
import { allSteps } from './world-steps.js';

export interface Walk {
  readonly states: number;
  readonly steps: number;
  readonly milliseconds: number;
  /** The labels of the steps that led to a new state. */
  readonly taken: ReadonlySet<string>;
  readonly violation: { readonly invariant: string; readonly trace: readonly string[] } | undefined;
  /** The shortest way to a refusal after which the refused call's first sending was committed all the same. */
  readonly refusedThenCommitted: readonly string[] | undefined;
}

/** Beyond this a change of the model has made the walk too long for a test. */
const mostStates = 1_000_000;

/** Breadth first, so that the first violation has the shortest trace. Ends at the first. */
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
  /** @returns the invariant that a state breaks which was not seen before. */
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
