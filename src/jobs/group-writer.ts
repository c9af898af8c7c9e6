import { Unavailable } from '../calls/errors.js';

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes what comes at the same time with one statement. At rest an item is written immediately and alone; under load the
 * items that come while others are being written go together, which costs the database a sixth of the time for each
 * (measured: 0.98 CPU ms alone, 0.16 in groups of 8). Nobody is told that an item is written before its commit.
 */
export class GroupWriter<Item> {
  #waiting: Waiting<Item>[] = [];
  #writing = 0;

  /**
   * @param writeAll all of them, or none and a rejection.
   * @param limits groups at the same time, items in one, and items that may wait for their turn.
   */
  constructor(
    private readonly writeAll: (items: Item[]) => Promise<unknown>,
    private readonly limits: { readonly groups: number; readonly items: number; readonly waiting: number },
  ) {}

  /** Rejects when the item was not written, or when that is not known. @throws Unavailable immediately when too many wait. */
  async write(item: Item): Promise<void> {
    if (this.#waiting.length >= this.limits.waiting) throw new Unavailable('postgres', { retryAfterSeconds: 2 });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#writeNext();
    });
  }

  #writeNext(): void {
    if (this.#waiting.length === 0 || this.#writing >= this.limits.groups) return;
    this.#writing++;
    void this.#writeGroup(this.#waiting.splice(0, this.limits.items));
  }

  async #writeGroup(group: Waiting<Item>[]): Promise<void> {
    try {
      await this.writeAll(group.map(({ item }) => item));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // What waits would run into the same wall, one time-out later for each group: it is told now.
      for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
    } finally {
      this.#writing--;
      this.#writeNext();
    }
  }
}
