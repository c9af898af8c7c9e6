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

  /** @param size bytes in all, if known. @param clock returns milliseconds. */
  constructor(
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

  tell(done: { lines: number; bytes: number; refused: number }): void {
    const now = this.clock();
    if (now - this.#toldAt < (this.writer.isTTY ? pace.bar : pace.line)) return;
    this.#toldAt = now;
    const part = this.size ? Math.min(done.bytes / this.size, 1) : undefined;
    const percent = part === undefined ? '' : ` ${Math.floor(part * 100)} %,`;
    const said = `${percent} ${done.lines} lines, ${perSecond(done.lines, this.seconds)} lines/s, ${done.refused} refused`;
    if (this.writer.isTTY) {
      const filled = Math.round((part ?? 0) * barWidth);
      const bar = part === undefined ? '' : ` [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
      this.writer.write(`\r\u001b[Kimport${bar}${said}`);
      this.#isDrawn = true;
    } else {
      this.writer.write(`import:${said}\n`);
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
