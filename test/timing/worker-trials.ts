import { Attacks, type Observed, type Scenario } from './oracle-attack.js';
import { OracleStage, type Stores } from './oracle-stage.js';

export interface Trials {
  readonly known: readonly Observed[];
  readonly unknown: readonly Observed[];
}

/** Pairs that make the first dialogues with each domain, and are not counted. */
const warmUp = 3;

/**
 * Attacks on a stage of its own, in pairs: an address with an account and one without, in an order drawn anew.
 *
 * @param dialogue milliseconds that a dialogue with the relay takes. @param plant the worker holds no place.
 */
export async function attackWorker(
  stores: Stores,
  { scenario, dialogue, trials, plant }: { scenario: Scenario; dialogue: number; trials: number; plant: boolean },
): Promise<Trials> {
  const stage = await OracleStage.set(stores, dialogue, Attacks.mannerOf(scenario, dialogue), plant);
  try {
    const attacks = new Attacks(stage, scenario);
    await attacks.prepare(2 * (trials + warmUp));
    const seen = { known: [] as Observed[], unknown: [] as Observed[] };
    for (let trial = -warmUp; trial < trials; trial++) {
      const order = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
      for (const side of order) {
        const observed = await attacks.attack(side);
        if (trial >= 0) seen[side].push(observed);
      }
    }
    return seen;
  } finally {
    await stage.close();
  }
}
