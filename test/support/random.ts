/** A seeded generator (mulberry32), so that a run's choices can be repeated. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to, but not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  /** One of the names, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return this.pick(entries)[0];
  }

  /** A separate generator for one actor, whose choices then do not depend on how often the others choose. */
  branch(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}

/** Picks all choices in a random order, then all of them again, so that none is left out by chance. */
export class Cycle<T> {
  #left: T[] = [];

  constructor(private readonly all: readonly T[]) {}

  next(random: Random): T {
    if (this.#left.length === 0) this.#left = [...this.all];
    const picked = random.pick(this.#left);
    this.#left.splice(this.#left.indexOf(picked), 1);
    return picked;
  }
}
