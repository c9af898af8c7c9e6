import { Unavailable } from '../calls/errors.js';

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface Limits {
  /** Writes at the same time, and items in one of them. */
  readonly groups: number;
  readonly items: number;
  /** Items that wait for their turn. */
  readonly waiting: number;
  /** Milliseconds after which a write that is under way no longer holds up the next one; 0 by default. */
  readonly patience?: number;
}

/**
 * Writes items that come at the same time with one statement. Without load an item is written immediately and alone.
 * Under load, items that come during a write are written together, which costs the database a sixth of the processor
 * time for each (measured: 0.98 ms alone, 0.16 ms in groups of 8). `write` resolves only after the commit.
 *
 * With `patience` a second write begins only when the first takes unusually long: a connection that hangs holds up nobody
 * else, and what comes meanwhile is otherwise written in one group instead of two (a third of the database's time).
 */
export class GroupWriter<Item> {
  #waiting: Waiting<Item>[] = [];
  #writing = 0;
  #later: NodeJS.Timeout | undefined;

  /** @param writeAll writes all items, or writes none and rejects. */
  constructor(
    private readonly writeAll: (items: Item[]) => Promise<unknown>,
    private readonly limits: Limits,
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

  /** @param isPatienceOver a second write may begin beside the one that is under way. */
  #writeNext(isPatienceOver = false): void {
    const { groups, patience = 0 } = this.limits;
    if (this.#waiting.length === 0 || this.#writing >= groups) return;
    if (this.#writing > 0 && patience > 0 && !isPatienceOver) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        this.#writeNext(true);
      }, patience);
      return;
    }
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
      clearTimeout(this.#later);
      this.#later = undefined;
      this.#writeNext();
    }
  }
}
