import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random.js';
import { type Begin, type FaultKind, faults } from './faults.js';
import { type Fault, now } from './recording.js';
import type { Stage } from './stage.js';

/** Begins and heals random faults, at most two at a time. The seed decides which, and when. */
export class Nemesis {
  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
    private readonly kinds: readonly FaultKind[],
    private readonly onFault: (fault: Fault) => void = () => undefined,
  ) {}

  async run(until: () => boolean): Promise<void> {
    await Promise.all([this.#lane(until), this.#lane(until)]);
  }

  async #lane(until: () => boolean): Promise<void> {
    while (!until()) {
      await sleep(this.random.between(200, 1_500));
      if (!until()) await this.strike(this.random.pick(this.kinds));
    }
  }

  async strike(kind: FaultKind): Promise<void> {
    // Two lanes must not start or stop the same server at the same time.
    const held = this.#serverOf(kind);
    if (this.#busy.has(held)) return;
    this.#busy.add(held);
    const start = now();
    try {
      const begin: Begin = faults[kind];
      const begun = await begin(this.stage, this.random);
      const { target, affects, detail } = begun;
      const fault: Fault = {
        kind,
        target,
        affects,
        start,
        end: Number.POSITIVE_INFINITY,
        ...(detail ? { detail } : {}),
      };
      this.stage.recording.faults.push(fault);
      await sleep(begun.lasts ?? this.random.between(100, 4_000));
      await begun.heal();
      fault.end = now();
      this.onFault(fault);
    } finally {
      this.#busy.delete(held);
    }
  }

  readonly #busy = new Set<string>();

  #serverOf(kind: FaultKind): string {
    return /^(?:process|api|worker)/.test(kind) ? 'process' : (kind.split('-')[0] ?? kind);
  }
}
