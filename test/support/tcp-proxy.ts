import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, type Direction, type Line, type Matches, type Moment, type Tap, type Wire } from './tcp-line.js';

/** Milliseconds between a lost answer and the end of its connection: less than a caller waits. */
const lostFor = 200;

/** A proxy between one process and one server, which can break connections in all the ways in which networks do. */
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
  /** How many connections `cutAfter` and `cutAt` have cut. */
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

  /** The proxy's port at 127.0.0.1; it never changes. */
  get port(): number {
    return this.#port;
  }

  /** The given URL, but through this proxy. */
  through(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.#port) }).href;
  }

  /** Takes connections, again after `shut`. */
  async listen(): Promise<void> {
    this.#server = createServer((near) => this.#take(near)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection and stops listening, as if the server were down. */
  shut(): void {
    this.#server?.close();
    this.cut();
  }

  /** The newest connection that has this port at the server. */
  lineOf(port: number): Line | undefined {
    return this.#all.findLast((line) => line.port === port);
  }

  cut(): void {
    for (const wire of this.#wires) this.#break(wire);
  }

  /** Cuts each connection after that many bytes, mostly within a message; a function is called per new connection. */
  cutAfter(bytes: number | (() => number)): void {
    this.#bytesLeft = typeof bytes === 'number' ? () => bytes : bytes;
    if (typeof bytes === 'number') for (const wire of this.#wires) wire.bytesLeft = bytes;
  }

  /** Cuts a connection once, at the next message that matches. The promise resolves when it is cut. */
  cutAt(matches: Matches, moment: Moment): Promise<void> {
    return new Promise((happened) => {
      this.#cutAt = { matches, moment, happened };
    });
  }

  /** On connections that are open now, the server falls silent without a close. New connections work. */
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

  /** Drops all bytes in these directions, on open and on new connections. */
  swallow(...directions: Direction[]): void {
    this.#drops = directions;
    for (const wire of this.#wires) this.#hurt(wire);
  }

  /** Loses the answer to the next message with this text; 200 ms later all connections are cut; new ones work. */
  loseAnswerTo(text: string): void {
    this.#loseAnswerTo = text;
  }

  /** Ends the server's direction of every open connection: the client gets no more answers. */
  halfClose(): void {
    for (const wire of this.#wires) {
      this.#hurt(wire);
      wire.near.end();
    }
  }

  /** Ends every fault. After `swallow` all connections are cut, because the bytes after a gap make no sense. */
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
      // Ended first, so that the bytes before the cut arrive.
      to.end(passed, () => this.#break(wire));
    };
    wire.queue[direction] = wire.queue[direction].then(() => (delayMs > 0 ? sleep(delayMs) : undefined)).then(pass);
  }

  /** Cuts the connection if this is the message that `cutAt` waits for, or its answer. @returns whether it was cut. */
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
