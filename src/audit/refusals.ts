import type { MikroORM } from '@mikro-orm/postgresql';
import { describeFault, type Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { eraseInParts } from '../stores/postgres/erase-in-parts.js';
import { ours } from '../stores/postgres/schemas.js';
import type { RefusalKind } from './kinds.js';
import { RefusalNames } from './refusal-names.js';

/** A call that was refused. Holds no address, key or password. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** The client, or the network whose limit refused. */
  readonly client?: string | undefined;
  readonly accountId?: string | undefined;
  /** A word of a closed set: see `refusalKinds`. */
  readonly detail?: string;
}

interface Row {
  readonly kind: RefusalKind;
  readonly detail: string;
  readonly client: string;
  readonly account_id: string | null;
  count: number;
}

/** Milliseconds between two writes: a flood then updates a row once for many refusals. */
const pause = 1_000;

/**
 * Counts refusals in PostgreSQL: one row for each client, kind and hour. No call waits for the write, so that the time
 * of an answer does not tell whether something was written. A flood fills memory and table only up to a bound.
 */
export class Refusals {
  readonly #names = new RefusalNames();
  #pending = new Map<string, Row>();
  #writing: Promise<void> | undefined;
  #rest: { readonly end: () => void } | undefined;
  #isUrgent = false;

  constructor(
    private readonly orm: MikroORM,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  note({ kind, client, accountId, detail = '' }: Refusal): void {
    const name = this.#names.of(`${kind} ${detail}`, client ?? 'none', accountId);
    const row = { kind, detail, client: name.client, account_id: name.accountId ?? null, count: 0 };
    const key = [kind, detail, row.client, row.account_id].join(' ');
    const pending = this.#pending.get(key) ?? row;
    pending.count++;
    this.#pending.set(key, pending);
    this.#writing ??= this.#writeAll();
  }

  /** Writes all counts that wait, without the pause. Never rejects. */
  async written(): Promise<void> {
    this.#isUrgent = true;
    this.#rest?.end();
    await this.#writing;
    this.#isUrgent = false;
  }

  /** Erases old counts in batches that each end in time. @returns how many rows. */
  async eraseOld(): Promise<number> {
    return eraseInParts(async (most) => {
      const statement = `select ${ours(this.orm, 'erase_old_refusals')}(?) as n`;
      const [row] = await this.orm.em.fork().execute<{ n: string }[]>(statement, [most]);
      return Number(row?.n ?? 0);
    });
  }

  async #writeAll(): Promise<void> {
    // After the caller has answered.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.size > 0) {
      await this.#write();
      if (!this.#isUrgent) await this.#restAWhile();
    }
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const rows = [...this.#pending.values()];
    this.#pending = new Map();
    try {
      const statement = `select ${ours(this.orm, 'count_refusals')}(?::jsonb)`;
      await this.orm.em.fork().execute(statement, [JSON.stringify(rows)]);
      for (const { kind, count } of rows) this.metrics.auditEvent(kind, count);
    } catch (error) {
      this.metrics.alarm('audit-event-lost');
      const fault = describeFault(error);
      this.log.error({ reason: rows[0]?.kind, count: rows.length, fault }, 'counts of refusals could not be written');
    }
  }

  #restAWhile(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#rest = undefined;
        resolve();
      };
      const timer = setTimeout(end, pause).unref();
      this.#rest = { end };
    });
  }
}
