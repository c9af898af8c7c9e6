import { Attacks, type Observed, type Scenario } from './oracle-attack.js';
import { OracleStage, RequestRefused, type Stores } from './oracle-stage.js';

export interface Trials {
  readonly known: readonly Observed[];
  readonly unknown: readonly Observed[];
}

export interface Plan {
  readonly scenario: Scenario;
  /** Milliseconds that a dialogue with the relay takes. */
  readonly dialogue: number;
  /** How many pairs of attacks. */
  readonly trials: number;
  /** Whether the worker holds no place, to plant a leak. */
  readonly plant: boolean;
  /** When it aborts, the trials end with the pairs that they have. */
  readonly signal: AbortSignal;
}

/** Pairs that warm up: they make the first dialogues with each domain, and are not counted. */
const warmUp = 3;

/** Makes the trials on a new stage. */
export async function attackWorker(stores: Stores, plan: Plan): Promise<Trials> {
  const { scenario, dialogue, trials, plant, signal } = plan;
  const stage = await OracleStage.set(stores, dialogue, Attacks.mannerOf(scenario, dialogue), plant);
  try {
    const attacks = new Attacks(stage, scenario);
    await attacks.prepare(2 * (trials + warmUp));
    await attackInPairs(attacks, warmUp);
    return await attackInPairs(attacks, trials, signal);
  } finally {
    await stage.close();
  }
}

/** How many pairs in a row may be lost because the machine is too busy and a request was refused. */
const mostLost = 5;

/** Attacks an address with an account and one without, in a random order for each pair. */
export async function attackInPairs(attacks: Attacks, pairs: number, signal?: AbortSignal): Promise<Trials> {
  const seen = { known: [] as Observed[], unknown: [] as Observed[] };
  let lost = 0;
  for (let pair = 0; pair < pairs && !signal?.aborted; pair++) {
    const order = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    const observed: Partial<Record<'known' | 'unknown', Observed>> = {};
    try {
      for (const side of order) observed[side] = await attacks.attack(side);
      lost = 0;
    } catch (error) {
      lost++;
      if (!(error instanceof RequestRefused) || lost > mostLost) throw error;
    }
    if (!observed.known || !observed.unknown) continue;
    seen.known.push(observed.known);
    seen.unknown.push(observed.unknown);
  }
  return seen;
}
