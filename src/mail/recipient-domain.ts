export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/**
 * Whose mails share a fate: the domain of an address without what its owner can multiply. `a.mail.example.com` is
 * `example.com`; below a country's short second label (`co.uk`, `com.br`) one label more is kept. A guess where a list
 * of public suffixes would know: what it lumps together shares a bound, and nothing else.
 */
export function recipientDomain(address: string): string {
  const labels = address
    .slice(address.lastIndexOf('@') + 1)
    .toLowerCase()
    .split('.');
  const [second = '', top = ''] = labels.slice(-2);
  return labels.slice(top.length === 2 && second.length <= 3 ? -3 : -2).join('.');
}

/** Different domains that failed in a row, for what one domain's failures do not show. */
export class DomainsInARow {
  readonly #domains = new Set<string>();

  constructor(private readonly most: number) {}

  has(domain: string): boolean {
    return this.#domains.has(domain);
  }

  /** @returns whether there are so many now that it is no domain's fault. */
  add(domain: string): boolean {
    if (this.#domains.size < this.most) this.#domains.add(domain);
    return this.#domains.size >= this.most;
  }

  end(): void {
    this.#domains.clear();
  }
}
