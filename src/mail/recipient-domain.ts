export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/**
 * The domain by which mails are bounded: without subdomains, of which an owner can make any number.
 * `a.mail.example.com` gives `example.com`; below a short second label of a country (`co.uk`, `com.br`) one more label
 * is kept. An estimate in place of a list of public suffixes: domains that it wrongly joins share a bound and nothing
 * else.
 */
export function recipientDomain(address: string): string {
  const labels = address
    .slice(address.lastIndexOf('@') + 1)
    .toLowerCase()
    .split('.');
  const [second = '', top = ''] = labels.slice(-2);
  return labels.slice(top.length === 2 && second.length <= 3 ? -3 : -2).join('.');
}

/** Counts different domains that failed in a row: failures of one domain alone say nothing about the relay. */
export class DomainsInARow {
  readonly #domains = new Set<string>();

  constructor(private readonly most: number) {}

  has(domain: string): boolean {
    return this.#domains.has(domain);
  }

  /** @returns whether `most` different domains have failed, so that no single domain is the cause. */
  add(domain: string): boolean {
    if (this.#domains.size < this.most) this.#domains.add(domain);
    return this.#domains.size >= this.most;
  }

  end(): void {
    this.#domains.clear();
  }
}
