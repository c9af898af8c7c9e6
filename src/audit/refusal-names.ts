/** Clients of one network that are counted one by one in an hour, for each kind: enough for an office of 200. */
const clientsOfANetwork = 200;
/** The most names of one process in an hour. */
const namesInAll = 10_000;

/**
 * The name under which a refusal is counted: the client's; the network's (IPv4 /24, IPv6 /32), without the account, if
 * the network has too many clients; `many`, if there are too many networks. So a network with a new client at each
 * call makes 200 rows an hour for each kind, and all networks together 10,000 in each process.
 */
export class RefusalNames {
  #hour = 0;
  readonly #known = new Set<string>();
  readonly #clients = new Map<string, number>();

  constructor(private readonly now = () => Date.now()) {}

  of(kind: string, client: string, accountId: string | undefined): { client: string; accountId?: string | undefined } {
    this.#begin();
    const network = networkOf(client);
    const clients = this.#clients.get(`${kind} ${network}`) ?? 0;
    const name = `${kind} ${client} ${accountId ?? ''}`;
    if (this.#known.has(name)) return { client, accountId };
    if (clients < clientsOfANetwork && this.#hasRoom(name)) {
      this.#clients.set(`${kind} ${network}`, clients + 1);
      return { client, accountId };
    }
    return { client: this.#hasRoom(`${kind} ${network} `) ? network : 'many' };
  }

  #begin(): void {
    const hour = Math.floor(this.now() / 3_600_000);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#known.clear();
    this.#clients.clear();
  }

  #hasRoom(name: string): boolean {
    if (this.#known.has(name)) return true;
    if (this.#known.size >= namesInAll) return false;
    this.#known.add(name);
    return true;
  }
}

/** The network of a client's name in the form of `http/client-ip.ts`. */
function networkOf(client: string): string {
  const [, ofFour] = /^(\d+\.\d+\.\d+)\.\d+(?:\/24)?$/.exec(client) ?? [];
  if (ofFour) return `${ofFour}.0/24`;
  const [, ofSix] = /^([0-9a-f]+:[0-9a-f]+):.*\/(?:32|48|56|64)$/.exec(client) ?? [];
  return ofSix ? `${ofSix}::/32` : client;
}
