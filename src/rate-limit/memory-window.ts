/** The most names in one window of one limit; measured: 168 bytes each. */
export const mostNames = 5_000;

export interface Count {
  /** Points that are used now; for a refused call, the points that would be used. */
  readonly used: number;
  readonly msBeforeNext: number;
}

/**
 * One window, counted in this process while Redis is away. It is bounded in names: when it is full, the name whose
 * window ends first is forgotten. A flood of names then gets more calls through than the limit allows, but blocks
 * nobody else.
 */
export class MemoryWindow {
  /** In order of insertion. All windows have one length, so the first name is the first to end. */
  readonly #names = new Map<string, { used: number; readonly endsAt: number }>();

  constructor(
    private readonly points: number,
    private readonly seconds: number,
    private readonly now = () => performance.now(),
  ) {}

  get size(): number {
    return this.#names.size;
  }

  take(name: string): Count {
    this.#forget(0);
    const found = this.#names.get(name);
    if (found) {
      const used = found.used + 1;
      if (used <= this.points) found.used = used;
      return { used, msBeforeNext: found.endsAt - this.now() };
    }
    this.#forget(1);
    this.#names.set(name, { used: 1, endsAt: this.now() + this.seconds * 1000 });
    return { used: 1, msBeforeNext: this.seconds * 1000 };
  }

  look(name: string): Count {
    this.#forget(0);
    const found = this.#names.get(name);
    return found ? { used: found.used, msBeforeNext: found.endsAt - this.now() } : { used: 0, msBeforeNext: 0 };
  }

  giveBack(name: string): void {
    const found = this.#names.get(name);
    if (found && --found.used <= 0) this.#names.delete(name);
  }

  /** Removes ended windows, and the oldest names until there is room for `room` new ones. */
  #forget(room: number): void {
    for (const [name, { endsAt }] of this.#names) {
      if (endsAt > this.now() && this.#names.size + room <= mostNames) return;
      this.#names.delete(name);
    }
  }
}
