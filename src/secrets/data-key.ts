import { hkdfSync } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { within } from '../calls/deadline.js';
import { Unavailable } from '../calls/errors.js';
import { describeFault, type Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { DataKeyUnreadable, makeDataKey, readDataKey } from './data-key-row.js';

/**
 * `starting`: not read yet, because the database is away or not migrated. `unreadable`: no value of `SECRET` opens it.
 */
export type DataKeyState = 'starting' | 'ok' | 'unreadable';

/** Milliseconds: how long `start` waits for the key, and the pause between two tries. */
const patience = 2_000;
const between = 1_000;

/**
 * The data key: 32 bytes for everything that must outlive the rotation of `SECRET`, such as pseudonyms, the names of
 * counters. Read once at start; while the database is down, reading is tried again and `bytes` throws `Unavailable`. A
 * reset needs the key for nothing essential.
 */
export class DataKey {
  #key: Buffer | undefined;
  #state: DataKeyState = 'starting';
  #firstTry: Promise<void> | undefined;
  readonly #end = new AbortController();

  constructor(
    private readonly orm: MikroORM,
    private readonly secrets: readonly string[],
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  get state(): DataKeyState {
    return this.#state;
  }

  /**
   * Starts reading, and waits up to two seconds for it.
   *
   * @throws DataKeyUnreadable if that is known by then.
   */
  async start(): Promise<void> {
    if (!this.#firstTry) {
      this.#firstTry = this.#read();
      void this.#firstTry.then(() => this.#readOn());
    }
    await within(patience, this.#firstTry, () => undefined);
    if (this.#state === 'unreadable') throw new DataKeyUnreadable();
  }

  stop(): void {
    this.#end.abort();
  }

  /** The key itself. @throws Unavailable while it is not read. */
  get bytes(): Buffer {
    if (!this.#key) throw new Unavailable('data-key');
    return this.#key;
  }

  /** A key of its own for each purpose (HKDF), 32 bytes. @throws Unavailable while the data key is not read. */
  subkey(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.bytes, '', purpose, 32));
  }

  async #readOn(): Promise<void> {
    while (!this.#key && !this.#end.signal.aborted) {
      await pause(between, undefined, { ref: false, signal: this.#end.signal }).catch(() => undefined);
      if (!this.#end.signal.aborted) await this.#read();
    }
  }

  async #read(): Promise<void> {
    try {
      const found = (await readDataKey(this.orm, this.secrets)) ?? (await this.#make());
      this.#key = found?.key;
      this.#is(found ? 'ok' : 'starting');
    } catch (error) {
      const isUnreadable = error instanceof DataKeyUnreadable;
      if (this.#is(isUnreadable ? 'unreadable' : 'starting')) return;
      if (isUnreadable) {
        this.metrics.alarm('data-key-unreadable');
        this.log.error({ part: 'data-key', setting: 'SECRET' }, 'ALARM: no value of SECRET opens the data key');
      } else this.log.warn({ part: 'data-key', fault: describeFault(error) }, 'the data key cannot be read yet');
    }
  }

  /** Makes the key if `latchkey migrate` had no `SECRET`. Most database roles may not, which is then logged. */
  async #make() {
    const [first, ...others] = this.secrets;
    if (first === undefined) return undefined;
    await makeDataKey(this.orm, [first, ...others]);
    return readDataKey(this.orm, this.secrets);
  }

  #told: DataKeyState | undefined;
  /** @returns whether this state has been logged already. */
  #is(state: DataKeyState): boolean {
    this.#state = state;
    const isTold = this.#told === state;
    this.#told = state;
    return isTold;
  }
}
