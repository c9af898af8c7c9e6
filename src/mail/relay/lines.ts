import type { SmtpLine } from '../smtp/line.js';

export interface LinesTiming {
  /** Milliseconds until an idle line is closed: less than the 5 minutes that RFC 5321 4.5.3.2.7 asks of servers. */
  readonly idle: number;
  /** Milliseconds until one more line is tried after a relay said that there are too many. */
  readonly growth: number;
}

export const linesTiming: LinesTiming = { idle: 240_000, growth: 60_000 };

/** Mails over one line before it is replaced. */
const mailsPerLine = 1_000;

/** The pool of lines to one relay: at most `most`, fewer after the relay said that there are too many. */
export class RelayLines {
  readonly #lines = new Set<SmtpLine>();
  readonly #idle = new Map<SmtpLine, NodeJS.Timeout>();
  readonly #waiting: ((line: SmtpLine) => void)[] = [];
  #size: number;
  #growth: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param resized called after each change of the most lines, with the new number. */
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

  /**
   * A line for the caller alone, open or to be opened.
   *
   * @returns undefined if none came free before the signal aborted.
   */
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

  /** Gives back a line that is ready for the next mail. */
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

  /** Removes a line that cannot be used any more; a waiting caller gets a new one. */
  drop(line: SmtpLine): void {
    if (!this.#lines.delete(line) || this.#isClosed) return;
    clearTimeout(this.#idle.get(line));
    this.#idle.delete(line);
    if (this.#waiting.length > 0 && this.#lines.size < this.#size) this.#waiting.shift()?.(this.#new());
  }

  /**
   * The relay said that there are too many lines: the most is now the number that is open, until one more is tried.
   *
   * @returns false when none is open: then the lines that are too many are not ours.
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
