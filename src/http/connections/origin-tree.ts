interface Branch {
  count: number;
  readonly branches: Map<string, Branch>;
}

/** With more connections than this one client is the flood; with fewer, the flood is a network of many clients. */
const many = 8;

/** Items by where they come from: counted for each network, and kept for each client in the order of `renew`. */
export class OriginTree<Item> {
  readonly #root: Branch = { count: 0, branches: new Map() };
  readonly #clients = new Map<string, Set<Item>>();

  get count(): number {
    return this.#root.count;
  }

  /** @param path of networks, widest first, with the client at its end. */
  add(path: readonly string[], item: Item): void {
    const items = this.of(path);
    items.add(item);
    this.#clients.set(path.at(-1) ?? '', items);
    let branch = this.#root;
    branch.count++;
    for (const name of path) {
      const next = branch.branches.get(name) ?? { count: 0, branches: new Map() };
      branch.branches.set(name, next);
      next.count++;
      branch = next;
    }
  }

  delete(path: readonly string[], item: Item): void {
    const items = this.of(path);
    if (!items.delete(item)) return;
    if (items.size === 0) this.#clients.delete(path.at(-1) ?? '');
    let branch = this.#root;
    branch.count--;
    for (const name of path) {
      const next = branch.branches.get(name);
      if (!next) return;
      next.count--;
      if (next.count === 0) branch.branches.delete(name);
      branch = next;
    }
  }

  /** Makes the item the newest of its client. */
  renew(path: readonly string[], item: Item): void {
    const items = this.of(path);
    if (items.delete(item)) items.add(item);
  }

  /** The items of one client, oldest first. */
  of(path: readonly string[]): Set<Item> {
    return this.#clients.get(path.at(-1) ?? '') ?? new Set();
  }

  /**
   * The items of the client that has most. If no client has many: of the busiest client in the busiest network, widest
   * first.
   */
  busiest(): Set<Item> {
    let most = new Set<Item>();
    for (const items of this.#clients.values()) if (items.size > most.size) most = items;
    if (most.size > many) return most;
    let branch = this.#root;
    let client = '';
    while (branch.branches.size > 0) {
      let next: Branch | undefined;
      for (const [name, each] of branch.branches) {
        if (next && each.count <= next.count) continue;
        next = each;
        client = name;
      }
      if (!next) break;
      branch = next;
    }
    return this.of([client]);
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const items of this.#clients.values()) yield* items;
  }
}
