import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down';
type Tap = (bytes: Buffer, line: Line) => void;

/** Milliseconds between a lost answer and the end of its line: shorter than a caller waits. */
const lostFor = 200;

/** One connection through a proxy. */
export interface Line {
  /** Of the connection to the server, by which the server knows it. */
  port: number | undefined;
  /** When a fault hurt it first; milliseconds since the epoch. */
  hurtAt: number | undefined;
}

interface Wire extends Line {
  readonly near: Socket;
  readonly far: Socket;
  readonly queue: Record<Direction, Promise<void>>;
  /** Bytes in both directions after which it breaks. */
  bytesLeft: number;
}

/** The way of one process to one store. It can break in all the ways in which lines break. */
export class StoreProxy {
  readonly #wires = new Set<Wire>();
  readonly #all: Line[] = [];
  #server: Server | undefined;
  #target: { host: string; port: number };
  #refuses = false;
  #delayMs = 0;
  #drops: readonly Direction[] = [];
  #bytesLeft = Number.POSITIVE_INFINITY;
  #loseAnswerTo: string | undefined;

  private constructor(
    target: string,
    private readonly tap: Tap,
  ) {
    this.#target = addressOf(target);
  }

  static async to(target: string, tap: Tap = () => undefined): Promise<StoreProxy> {
    const proxy = new StoreProxy(target, tap);
    proxy.#server = createServer((near) => proxy.#take(near)).listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** A URL that leads through here. */
  through(url: string): string {
    const { port } = (this.#server as Server).address() as AddressInfo;
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
  }

  /** Where new lines lead: a store that started again may listen on another port. */
  leadTo(url: string): void {
    this.#target = addressOf(url);
  }

  /** The line that the server knows by this port. */
  lineOf(port: number): Line | undefined {
    return this.#all.findLast((line) => line.port === port);
  }

  cut(): void {
    for (const wire of this.#wires) this.#break(wire);
  }

  /** Each line breaks after so many more bytes, mostly in the middle of a message. */
  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes;
    for (const wire of this.#wires) wire.bytesLeft = bytes;
  }

  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Bytes of these directions vanish, on lines that are open as on new ones. */
  swallow(...directions: Direction[]): void {
    this.#drops = directions;
    for (const wire of this.#wires) this.#hurt(wire);
  }

  /** The answer to the next message with this text is lost, and the line with it a moment later. */
  loseAnswerTo(text: string): void {
    this.#loseAnswerTo = text;
  }

  /** The server says that it sends no more, and hears nothing either. */
  halfClose(): void {
    for (const wire of this.#wires) {
      this.#hurt(wire);
      wire.near.end();
    }
  }

  /** Ends every fault. Lines that lost bytes are cut: what comes after a gap is nonsense. */
  heal(): void {
    this.#refuses = false;
    this.#loseAnswerTo = undefined;
    this.#delayMs = 0;
    this.#bytesLeft = Number.POSITIVE_INFINITY;
    if (this.#drops.length > 0) this.cut();
    this.#drops = [];
    for (const wire of this.#wires) wire.bytesLeft = Number.POSITIVE_INFINITY;
  }

  get open(): number {
    return this.#wires.size;
  }

  async close(): Promise<void> {
    this.#server?.close();
    this.cut();
  }

  #take(near: Socket): void {
    if (this.#refuses) return void near.on('error', () => undefined).resetAndDestroy();
    const far = connect(this.#target);
    const queue = { up: Promise.resolve(), down: Promise.resolve() };
    const wire: Wire = { near, far, queue, port: undefined, hurtAt: undefined, bytesLeft: this.#bytesLeft };
    if (this.#drops.length > 0) this.#hurt(wire);
    this.#wires.add(wire);
    this.#all.push(wire);
    if (this.#all.length > 20_000) this.#all.splice(0, 10_000);
    far.on('connect', () => {
      wire.port = far.localPort;
    });
    near.on('data', (bytes: Buffer) => this.#forward(wire, 'up', bytes));
    far.on('data', (bytes: Buffer) => this.#forward(wire, 'down', bytes));
    for (const [one, other, direction] of [
      [near, far, 'up'],
      [far, near, 'down'],
    ] as const) {
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('end', () => void wire.queue[direction].then(() => other.end()));
      one.on('close', () => {
        this.#wires.delete(wire);
        void wire.queue[direction].then(() => other.destroy());
      });
    }
  }

  #forward(wire: Wire, direction: Direction, bytes: Buffer): void {
    const to = direction === 'up' ? wire.far : wire.near;
    const delayMs = this.#delayMs;
    const pass = () => {
      if (this.#drops.includes(direction) || to.destroyed) return;
      const passed = bytes.subarray(0, wire.bytesLeft);
      wire.bytesLeft -= passed.length;
      if (direction === 'up') {
        this.tap(passed, wire);
        if (this.#loseAnswerTo && passed.includes(this.#loseAnswerTo)) this.#loseAnswers();
      }
      to.write(passed);
      if (wire.bytesLeft <= 0) this.#break(wire);
    };
    wire.queue[direction] = wire.queue[direction].then(() => (delayMs > 0 ? sleep(delayMs) : undefined)).then(pass);
  }

  #loseAnswers(): void {
    this.#loseAnswerTo = undefined;
    this.swallow('down');
    setTimeout(() => this.heal(), lostFor);
  }

  #break(wire: Wire): void {
    this.#hurt(wire);
    wire.near.resetAndDestroy();
    wire.far.resetAndDestroy();
  }

  #hurt(wire: Wire): void {
    wire.hurtAt ??= Date.now();
  }
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
