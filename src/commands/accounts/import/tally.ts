/** Different names that are kept; the rest is counted together. */
const mostNames = 100;

/** Counts by name, in bounded memory. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    const isRoom = this.#counts.has(name) || this.#counts.size < mostNames;
    const kept = isRoom ? name : 'others';
    this.#counts.set(kept, (this.#counts.get(kept) ?? 0) + 1);
  }

  /** The most frequent first. */
  get entries(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  }
}

/** The reason without the line that it names, so that equal ones are counted together. */
export function withoutLine(reason: string): string {
  return reason.replace(/\b(line|user) \d+/g, 'another $1');
}
