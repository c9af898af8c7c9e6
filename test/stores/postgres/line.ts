import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Before the server gets it, or after it did it, so that only its answer is lost. */
type Moment = 'before' | 'after';

interface Watch {
  readonly pattern: RegExp;
  readonly moment: Moment;
  readonly happened: () => void;
}

/** The line to a PostgreSQL, which can be cut where it hurts. */
export class Line {
  /** Bytes in both directions after which each new connection is cut; undefined: never. */
  budget: (() => number) | undefined;
  cuts = 0;
  #watch: Watch | undefined;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<Line> {
    const { hostname, port } = new URL(target);
    const server = createServer((near) => line.#join(near, connect(Number(port), hostname)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = Object.assign(new URL(target), { port: String((server.address() as AddressInfo).port) });
    const line: Line = new Line(server, url.href);
    return line;
  }

  /** Once, at the next statement of any connection that holds the pattern. @returns when it happened. */
  cutAt(pattern: RegExp, moment: Moment): Promise<void> {
    return new Promise((happened) => {
      this.#watch = { pattern, moment, happened };
    });
  }

  close(): void {
    this.server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    let left = this.budget?.() ?? Number.POSITIVE_INFINITY;
    let struck: Watch | undefined;
    const cut = () => {
      this.cuts++;
      for (const socket of pair) socket.destroy();
    };
    const pass = (to: Socket, bytes: Buffer) => {
      // Where cutting has ended, a connection that was to be cut lives on.
      if (!this.budget) left = Number.POSITIVE_INFINITY;
      to.write(bytes.subarray(0, Math.max(left, 0)));
      left -= bytes.length;
      // What was let through shall arrive.
      if (left <= 0) to.end(cut);
    };
    near.on('data', (bytes: Buffer) => {
      if (!struck && this.#watch?.pattern.test(bytes.toString('latin1'))) {
        struck = this.#watch;
        this.#watch = undefined;
        if (struck.moment === 'before') {
          cut();
          return struck.happened();
        }
      }
      pass(far, bytes);
    });
    far.on('data', (bytes: Buffer) => {
      if (!struck) return pass(near, bytes);
      cut();
      struck.happened();
    });
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  }
}

/** The message that ends a transaction of ours. */
export const commitMessage = /Q[\s\S]{4}commit\0/i;

/** Numbers from 0 to 1 that are the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
