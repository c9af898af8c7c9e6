interface Branch {
  count: number;
  readonly branches: Map<string, Branch>;
}

/** From here on one client alone is what fills us; with fewer each, it is a network that has many clients. */
const many = 8;

/** What comes from somewhere, counted for each of its networks and kept for each client in the order of `renew`. */
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

  /** Makes it the newest of its client. */
  renew(path: readonly string[], item: Item): void {
    const items = this.of(path);
    if (items.delete(item)) items.add(item);
  }

  /** Those of one client, oldest first. */
  of(path: readonly string[]): Set<Item> {
    return this.#clients.get(path.at(-1) ?? '') ?? new Set();
  }

  /** Those of the client that has most; where none has many, of one in the network that has most, step by step. */
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
