/** Where a command writes: standard error, or a test's own. */
export interface Writer {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Milliseconds between two lines when the output is no terminal, and between two drawings of the bar on a terminal. */
const pace = { line: 10_000, bar: 100 } as const;
const barWidth = 24;

/** Shows how far a long command is: on a terminal a bar that is redrawn, elsewhere a line every 10 seconds. */
export class Progress {
  readonly #startedAt: number;
  #toldAt: number;
  #isDrawn = false;

  /** @param name of the work. @param size bytes (or rows) in all, if known. @param clock returns milliseconds. */
  constructor(
    private readonly name: string,
    private readonly writer: Writer,
    private readonly size: number | undefined,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#startedAt = clock();
    this.#toldAt = this.#startedAt;
  }

  get seconds(): number {
    return (this.clock() - this.#startedAt) / 1000;
  }

  /** @param done so many of `unit`; `bytes` (or rows) of the size; nothing is said of refusals that cannot be. */
  tell(done: { done: number; unit: string; bytes: number; refused?: number }): void {
    const now = this.clock();
    if (now - this.#toldAt < (this.writer.isTTY ? pace.bar : pace.line)) return;
    this.#toldAt = now;
    const part = this.size ? Math.min(done.bytes / this.size, 1) : undefined;
    const percent = part === undefined ? '' : ` ${Math.floor(part * 100)} %,`;
    const refused = done.refused === undefined ? '' : `, ${done.refused} refused`;
    const speed = perSecond(done.done, this.seconds);
    const said = `${percent} ${done.done} ${done.unit}s, ${speed} ${done.unit}s/s${refused}`;
    if (this.writer.isTTY) {
      const filled = Math.round((part ?? 0) * barWidth);
      const bar = part === undefined ? '' : ` [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
      this.writer.write(`\r\u001b[K${this.name}${bar}${said}`);
      this.#isDrawn = true;
    } else {
      this.writer.write(`${this.name}:${said}\n`);
    }
  }

  /** Clears the bar and writes a line. */
  line(text: string): void {
    this.clear();
    this.writer.write(`${text}\n`);
  }

  clear(): void {
    if (this.#isDrawn) this.writer.write('\r\u001b[K');
    this.#isDrawn = false;
  }
}

export function perSecond(count: number, seconds: number): number {
  return Math.round(count / Math.max(seconds, 0.001));
}
