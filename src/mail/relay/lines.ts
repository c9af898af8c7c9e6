import type { SmtpLine } from '../smtp/line.js';

export interface LinesTiming {
  /** Milliseconds until a line that nobody uses is ended: below the 5 minutes that RFC 5321 4.5.3.2.7 asks of servers. */
  readonly idle: number;
  /** Milliseconds after which one line more is tried where a relay had too many. */
  readonly growth: number;
}

export const linesTiming: LinesTiming = { idle: 240_000, growth: 60_000 };

/** Mails that one line carries before another takes its place. */
const mailsPerLine = 1_000;

/** The lines to one relay: as many as may be, fewer while it says that they are too many. */
export class RelayLines {
  readonly #lines = new Set<SmtpLine>();
  readonly #idle = new Map<SmtpLine, NodeJS.Timeout>();
  readonly #waiting: ((line: SmtpLine) => void)[] = [];
  #size: number;
  #growth: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param resized told how many lines there may be now, after each change. */
  constructor(
    private readonly most: number,
    private readonly make: (ended: (line: SmtpLine) => void) => SmtpLine,
    private readonly resized: (size: number) => void,
    private readonly timing: LinesTiming = linesTiming,
  ) {
    this.#size = most;
  }

  get size(): number {
    return this.#size;
  }

  /** A line of the caller's own, open or still to be opened; undefined when none came free before the signal. */
  async take(signal: AbortSignal): Promise<SmtpLine | undefined> {
    for (const [line, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(line);
      if (line.isOpen) return line;
      this.#lines.delete(line);
    }
    if (this.#lines.size < this.#size) return this.#new();
    return new Promise((resolve) => {
      const given = (line: SmtpLine | undefined) => {
        signal.removeEventListener('abort', late);
        resolve(line);
      };
      const late = () => {
        this.#waiting.splice(this.#waiting.indexOf(given), 1);
        given(undefined);
      };
      if (signal.aborted) return resolve(undefined);
      signal.addEventListener('abort', late, { once: true });
      this.#waiting.push(given);
    });
  }

  /** A line that is ready for the next mail. */
  giveBack(line: SmtpLine): void {
    const isSpent = this.#isClosed || line.mails >= mailsPerLine || this.#lines.size > this.#size;
    if (isSpent) line.quit();
    if (isSpent || !line.isOpen) {
      this.drop(line);
      return;
    }
    const next = this.#waiting.shift();
    if (next) {
      next(line);
      return;
    }
    const end = () => {
      this.#idle.delete(line);
      line.quit();
      this.drop(line);
    };
    this.#idle.set(line, setTimeout(end, this.timing.idle).unref());
  }

  /** A line that is of no use any more; somebody who waits gets a new one. */
  drop(line: SmtpLine): void {
    if (!this.#lines.delete(line) || this.#isClosed) return;
    clearTimeout(this.#idle.get(line));
    this.#idle.delete(line);
    if (this.#waiting.length > 0 && this.#lines.size < this.#size) this.#waiting.shift()?.(this.#new());
  }

  /**
   * The relay has too many lines: from now on there are no more than are left, until one more is tried.
   *
   * @returns false when none is left: then it is not for us that they are too many.
   */
  shrink(): boolean {
    const size = Math.max(1, this.#lines.size);
    if (size < this.#size) {
      this.#size = size;
      this.resized(size);
    }
    clearTimeout(this.#growth);
    this.#growth = setTimeout(() => this.#grow(), this.timing.growth).unref();
    return this.#lines.size > 0;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#growth);
    for (const timer of this.#idle.values()) clearTimeout(timer);
    for (const line of this.#lines) line.close();
    this.#lines.clear();
  }

  #new(): SmtpLine {
    const line = this.make((ended) => this.drop(ended));
    this.#lines.add(line);
    return line;
  }

  #grow(): void {
    if (this.#size >= this.most || this.#isClosed) return;
    this.#size++;
    this.resized(this.#size);
    if (this.#waiting.length > 0) this.#waiting.shift()?.(this.#new());
    this.#growth = setTimeout(() => this.#grow(), this.timing.growth).unref();
  }
}
