import { Unavailable } from '../calls/errors.js';

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes items that come at the same time with one statement. Without load an item is written immediately and alone.
 * Under load, items that come during a write are written together, which costs the database a sixth of the processor
 * time for each (measured: 0.98 ms alone, 0.16 ms in groups of 8). `write` resolves only after the commit.
 */
export class GroupWriter<Item> {
  #waiting: Waiting<Item>[] = [];
  #writing = 0;

  /**
   * @param writeAll writes all items, or writes none and rejects.
   * @param limits the most groups at the same time, items in one group, and items that wait for their turn.
   */
  constructor(
    private readonly writeAll: (items: Item[]) => Promise<unknown>,
    private readonly limits: { readonly groups: number; readonly items: number; readonly waiting: number },
  ) {}

  /**
   * Rejects when the item was not written, or when it is unknown whether it was.
   *
   * @throws Unavailable immediately when too many items wait; else what `writeAll` throws.
   */
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
      // Waiting items are rejected, too: they would fail in the same way, each group after one more timeout.
      for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
    } finally {
      this.#writing--;
      this.#writeNext();
    }
  }
}
