import type { Outcome } from './attack.js';

/** Thrown where the target's limits refuse this client: nothing more can be tried from here. */
export class LimitReached extends Error {
  constructor() {
    super('the target refuses further calls of this client for now');
  }
}

const most = { shown: 8, characters: 400 };

/** What an attack saw, input by input. */
export class Findings {
  tried = 0;
  readonly #evidence: string[] = [];

  /** @param patience milliseconds within which a refusal must come, on a machine that does other work, too. */
  constructor(readonly patience = 5_000) {}

  /**
   * Notes one input. @param seen what came of it; shown only where it did not hold.
   *
   * @returns `isHeld`
   */
  note(input: string, isHeld: boolean, seen: unknown): boolean {
    this.tried++;
    if (!isHeld) this.#evidence.push(`${input}: ${short(seen)}`);
    return isHeld;
  }

  /** Notes an input that must bring exactly this. */
  expect(input: string, seen: unknown, wanted: unknown): boolean {
    const isHeld = JSON.stringify(seen) === JSON.stringify(wanted);
    return this.note(input, isHeld, isHeld ? seen : `${short(seen)} instead of ${short(wanted)}`);
  }

  /** @param seen what was seen where everything held. */
  outcome(seen: string): Outcome {
    const { tried } = this;
    if (this.#evidence.length > 0) {
      const more = this.#evidence.length - most.shown;
      const shown = this.#evidence.slice(0, most.shown);
      return { kind: 'broken', tried, evidence: more > 0 ? [...shown, `and ${more} more`] : shown };
    }
    if (tried === 0) return { kind: 'unfinished', tried, fault: 'nothing was tried' };
    return { kind: 'held', tried, seen };
  }

  /** The outcome of an attack that ended early: what is broken stays broken. */
  endedBy(fault: unknown): Outcome {
    if (this.#evidence.length > 0) return this.outcome('');
    const { tried } = this;
    if (!(fault instanceof LimitReached)) return { kind: 'unfinished', tried, fault: short(String(fault)) };
    if (tried === 0) return { kind: 'left-out', reason: fault.message };
    return this.outcome(`nothing broke until the limits of the target refused this client, after ${tried} inputs`);
  }
}

function short(seen: unknown): string {
  const text = typeof seen === 'string' ? seen : (JSON.stringify(seen) ?? String(seen));
  return text.length > most.characters ? `${text.slice(0, most.characters)}…` : text;
}
