import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What Debian's `faketime` puts before a program; where the library lies is its own affair. */
const preload = spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });

/** For `describe.skipIf`: what needs Debian's faketime says so. */
export const hasFaketime = preload.status === 0 && preload.stdout.trim() !== '';

/** The clock on the wall of servers that are started in its environment, children included: moved for all at the same time. */
export class MovedClock {
  /** For the servers, beside their own environment. */
  readonly env: NodeJS.ProcessEnv;
  #seconds = 0;

  private constructor(private readonly folder: string) {
    this.env = {
      // With libc's malloc: jemalloc, which Debian's Redis brings, asks for the time before faketime can answer.
      LD_PRELOAD: `${preload.stdout.trim()}:libc.so.6`,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Read again each time that somebody asks for the time.
      FAKETIME_NO_CACHE: '1',
      // Time-outs, sleeps and the times of files stay as they are.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  static async start(): Promise<MovedClock> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-clock-'));
    // PostgreSQL runs as a user of its own.
    await chmod(folder, 0o755);
    const clock = new MovedClock(folder);
    await clock.moveTo(0);
    return clock;
  }

  get #file(): string {
    return join(this.folder, 'offset');
  }

  /** Seconds that it is ahead of the real clock. */
  get seconds(): number {
    return this.#seconds;
  }

  /** @param seconds ahead of the real clock. */
  async moveTo(seconds: number): Promise<void> {
    // Renamed, so that nobody ever reads half of it.
    await writeFile(`${this.#file}.new`, `+${seconds}\n`, { mode: 0o644 });
    await rename(`${this.#file}.new`, this.#file);
    this.#seconds = seconds;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
