import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The value of LD_PRELOAD that Debian's `faketime` sets: only `faketime` knows where its library is. */
const preload = spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });

/** For `describe.skipIf` of tests that need Debian's faketime. */
export const hasFaketime = preload.status === 0 && preload.stdout.trim() !== '';

/** The wall clock of all servers that are started with its `env`, and of their children. */
export class MovedClock {
  /** Environment variables for the servers, in addition to their own. */
  readonly env: NodeJS.ProcessEnv;
  #seconds = 0;

  private constructor(private readonly folder: string) {
    this.env = {
      // libc's malloc: the jemalloc of Debian's Redis asks for the time before faketime can answer.
      LD_PRELOAD: `${preload.stdout.trim()}:libc.so.6`,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // The offset is read again whenever a process asks for the time.
      FAKETIME_NO_CACHE: '1',
      // Timeouts, sleeps and the times of files keep the real clock.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  static async start(): Promise<MovedClock> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-clock-'));
    // PostgreSQL runs as another user, who must be able to read the file.
    await chmod(folder, 0o755);
    const clock = new MovedClock(folder);
    await clock.moveTo(0);
    return clock;
  }

  get #file(): string {
    return join(this.folder, 'offset');
  }

  /** How far this clock is ahead of the real one, in seconds. */
  get seconds(): number {
    return this.#seconds;
  }

  /** @param seconds how far this clock is to be ahead of the real one. */
  async moveTo(seconds: number): Promise<void> {
    // Renamed when complete, so that no server reads half of the file.
    await writeFile(`${this.#file}.new`, `+${seconds}\n`, { mode: 0o644 });
    await rename(`${this.#file}.new`, this.#file);
    this.#seconds = seconds;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
