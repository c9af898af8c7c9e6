import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, type Direction, type Line, type Matches, type Moment, type Tap, type Wire } from './tcp-line.js';

/** Milliseconds between a lost answer and the end of its line: shorter than a caller waits. */
const lostFor = 200;

/** The way of one process to one server. It can break in all the ways in which lines break. */
export class TcpProxy {
  readonly #wires = new Set<Wire>();
  readonly #all: Line[] = [];
  #port = 0;
  #server: Server | undefined;
  readonly #target: { host: string; port: number };
  #refuses = false;
  #delayMs = 0;
  #drops: readonly Direction[] = [];
  #bytesLeft = () => Number.POSITIVE_INFINITY;
  #loseAnswerTo: string | undefined;
  #cutAt: { matches: Matches; moment: Moment; happened: () => void } | undefined;
  /** Lines that were cut by `cutAfter` or `cutAt`. */
  cuts = 0;

  private constructor(
    target: string,
    private readonly tap: Tap,
  ) {
    this.#target = addressOf(target);
  }

  /** @param target a URL with host and port. */
  static async to(target: string, tap: Tap = () => undefined): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, tap);
    await proxy.listen();
    return proxy;
  }

  /** Of 127.0.0.1, the same for its whole life. */
  get port(): number {
    return this.#port;
  }

  /** A URL that leads through here. */
  through(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.#port) }).href;
  }

  /** Takes connections, again after `shut`. */
  async listen(): Promise<void> {
    this.#server = createServer((near) => this.#take(near)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every line, and nobody listens any more: the server behind is not there. */
  shut(): void {
    this.#server?.close();
    this.cut();
  }

  /** The line that the server knows by this port. */
  lineOf(port: number): Line | undefined {
    return this.#all.findLast((line) => line.port === port);
  }

  cut(): void {
    for (const wire of this.#wires) this.#break(wire);
  }

  /** Each line breaks after so many more bytes, mostly in the middle of a message; a function is asked for each new line. */
  cutAfter(bytes: number | (() => number)): void {
    this.#bytesLeft = typeof bytes === 'number' ? () => bytes : bytes;
    if (typeof bytes === 'number') for (const wire of this.#wires) wire.bytesLeft = bytes;
  }

  /** Once, at the next message of any line that fits. @returns when it happened. */
  cutAt(matches: Matches, moment: Moment): Promise<void> {
    return new Promise((happened) => {
      this.#cutAt = { matches, moment, happened };
    });
  }

  /** The other end of every line that is open now goes without a word; new lines are good. */
  vanish(): void {
    for (const wire of this.#wires) wire.hasVanished = true;
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
    this.#bytesLeft = () => Number.POSITIVE_INFINITY;
    if (this.#drops.length > 0) this.cut();
    this.#drops = [];
    for (const wire of this.#wires) wire.bytesLeft = Number.POSITIVE_INFINITY;
  }

  #take(near: Socket): void {
    if (this.#refuses) return void near.on('error', () => undefined).resetAndDestroy();
    const far = connect(this.#target);
    const queue = { up: Promise.resolve(), down: Promise.resolve() };
    const state = { port: undefined, hurtAt: undefined, struck: undefined, hasVanished: false };
    const wire: Wire = { near, far, queue, bytesLeft: this.#bytesLeft(), ...state };
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
      one.on('end', () => void wire.queue[direction].then(() => wire.hasVanished || other.end()));
      one.on('close', () => {
        this.#wires.delete(wire);
        void wire.queue[direction].then(() => (wire.hasVanished && other === near) || other.destroy());
      });
    }
  }

  #forward(wire: Wire, direction: Direction, bytes: Buffer): void {
    const to = direction === 'up' ? wire.far : wire.near;
    const delayMs = this.#delayMs;
    const pass = () => {
      if (wire.hasVanished || this.#drops.includes(direction) || to.destroyed || to.writableEnded) return;
      if (this.#cutsAt(wire, direction, bytes)) return;
      const passed = bytes.subarray(0, wire.bytesLeft);
      wire.bytesLeft -= passed.length;
      if (direction === 'up') {
        this.tap(passed, wire);
        if (this.#loseAnswerTo && passed.includes(this.#loseAnswerTo)) this.#loseAnswers();
      }
      if (wire.bytesLeft > 0) return void to.write(passed);
      this.cuts++;
      // What was let through shall arrive.
      to.end(passed, () => this.#break(wire));
    };
    wire.queue[direction] = wire.queue[direction].then(() => (delayMs > 0 ? sleep(delayMs) : undefined)).then(pass);
  }

  /** Whether this message, or the answer to the one before, is where the line is to be cut. */
  #cutsAt(wire: Wire, direction: Direction, bytes: Buffer): boolean {
    if (direction === 'up' && !wire.struck && this.#cutAt?.matches(bytes.toString('latin1'))) {
      const { moment, happened } = this.#cutAt;
      this.#cutAt = undefined;
      wire.struck = happened;
      if (moment === 'after') return false;
    } else if (direction === 'up' || !wire.struck) return false;
    this.cuts++;
    this.#hurt(wire);
    wire.near.destroy();
    wire.far.destroy();
    wire.struck?.();
    return true;
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
