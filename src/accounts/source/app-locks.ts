import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Unavailable } from '../../calls/errors.js';

/** A statement waited too long for a row of the app's, or met a deadlock: everything was rolled back. */
class AppIsBusy extends Unavailable {
  constructor(cause?: unknown) {
    super('postgres', { cause });
  }
}

/** A lock time-out, a statement time-out, a deadlock of which we were the victim. */
const busy = /^(?:55P03|57014|40P01)$/;
const mostTries = 3;
/** Milliseconds between two tries, each time another number, so that we and the app do not meet in step. */
const betweenTries = { least: 20, most: 120 } as const;

/**
 * Keeps the app from becoming the victim of a deadlock with us. We know nothing of the order in which it locks its
 * rows, so a circle can always form. PostgreSQL ends whoever has waited for `deadlock_timeout` in one; the app waits
 * for us since our first lock at the earliest, so by half of that time we have let go of everything.
 */
export class AppLocks {
  #end: number | undefined;

  /** @param milliseconds from the first lock to the end of the transaction. */
  constructor(
    private readonly transaction: EntityManager,
    private readonly milliseconds: number,
  ) {}

  /** To be called when the first row of the app's is locked. */
  begin(): void {
    this.#end = performance.now() + this.milliseconds;
  }

  /**
   * Runs a statement that may wait for the app, in what is left of the time. The bound stays in force until the end of
   * the transaction, COMMIT included; what we do there meanwhile waits for nobody who waits for the app.
   *
   * @throws AppIsBusy, or the fault of the database.
   */
  async run<Row>(statement: string): Promise<Row[]> {
    try {
      if (this.#end !== undefined && this.milliseconds < Number.POSITIVE_INFINITY) {
        const left = Math.floor(this.#end - performance.now());
        if (left < 1) throw new AppIsBusy();
        const bound = `select set_config('lock_timeout', '${left}', true), set_config('statement_timeout', '${left}', true)`;
        await this.transaction.execute(bound);
      }
      return await this.transaction.execute<Row[]>(statement);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (this.#end === undefined || typeof code !== 'string' || !busy.test(code)) throw error;
      throw new AppIsBusy(error);
    }
  }
}

/** Does a transaction again that met the app. @throws what the last try throws. */
export async function againWhileBusy<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transaction();
    } catch (error) {
      if (!(error instanceof AppIsBusy) || tries === mostTries) throw error;
      await pause(randomInt(betweenTries.least, betweenTries.most));
    }
  }
}
