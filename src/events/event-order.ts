import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { orUnavailable } from '../calls/unavailable.js';
import { ours } from '../stores/postgres/schemas.js';

/** Seconds that an event holds those after it; then they go, and receivers drop what comes late by its sequence. */
const holdsFor = 3_600;
/** Days after which a row that nobody took away is erased: longer than an event is tried. */
const keptDays = 4;

/** The order of the events of an account: their numbers, and which ones a receiver has not taken yet. */
export class EventOrder {
  readonly #sequence: string;
  readonly #pending: string;

  constructor(private readonly orm: MikroORM) {
    this.#sequence = ours(orm, 'event_sequence');
    this.#pending = ours(orm, 'event_pending');
  }

  /**
   * Numbers an event in the transaction of the change. The row stays locked until its end, so that numbers rise in the
   * order of the commits; it outlives the account.
   *
   * @param account a UUID. @returns from 1.
   */
  async next(transaction: EntityManager, account: string, receivers: readonly string[]): Promise<number> {
    const [row] = await transaction.execute<{ sequence: number }[]>(
      `insert into ${this.#sequence} as last (account_id, sequence) values (?, 1)
       on conflict (account_id) do update set sequence = last.sequence + 1 returning sequence`,
      [account],
    );
    if (!row) throw new Error('an event got no number');
    const rows = receivers.map(() => '(?, ?, ?)').join(', ');
    const values = receivers.flatMap((receiver) => [receiver, account, row.sequence]);
    await transaction.execute(`insert into ${this.#pending} (receiver, account_id, sequence) values ${rows}`, values);
    return row.sequence;
  }

  /** Whether an earlier event of the account still holds this one. @throws Unavailable */
  async isHeld(receiver: string, account: string, sequence: number): Promise<boolean> {
    const asked = this.orm.em.fork().execute<unknown[]>(
      `select 1 from ${this.#pending} where receiver = ? and account_id = ? and sequence < ?
          and since > now() - interval '${holdsFor} s' limit 1`,
      [receiver, account, sequence],
    );
    return (await orUnavailable(asked)).length > 0;
  }

  /** The receiver has the event, or it is given up. @throws Unavailable */
  async settle(receiver: string, account: string, sequence: number): Promise<void> {
    const erased = this.orm.em
      .fork()
      .execute(`delete from ${this.#pending} where receiver = ? and account_id = ? and sequence = ?`, [
        receiver,
        account,
        sequence,
      ]);
    await orUnavailable(erased);
  }

  /** Erases rows whose jobs are gone. @returns how many. */
  async eraseOld(): Promise<number> {
    const rows = await this.orm.em
      .fork()
      .execute<unknown[]>(`delete from ${this.#pending} where since < now() - interval '${keptDays} d' returning 1`);
    return rows.length;
  }
}
