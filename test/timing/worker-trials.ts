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
  /** Pairs. */
  readonly trials: number;
  /** The worker holds no place. */
  readonly plant: boolean;
  /** Ends with the pairs that there are by then. */
  readonly signal: AbortSignal;
}

/** Pairs that make the first dialogues with each domain, and are not counted. */
const warmUp = 3;

/** On a stage of its own. */
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

/** Pairs that may be lost in a row because a request was refused: the machine has too much to do. */
const mostLost = 5;

/** An address with an account and one without, in an order drawn anew for each pair. */
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
