import type { MikroORM } from '@mikro-orm/postgresql';
import { describeFault, type Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { eraseInParts } from '../stores/postgres/erase-in-parts.js';
import type { RefusalKind } from './kinds.js';
import { RefusalNames } from './refusal-names.js';

/** A call that was refused; never an address, a key or a password. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** The client, or the network whose limit refused. */
  readonly client?: string | undefined;
  readonly accountId?: string | undefined;
  /** One word of a closed set. */
  readonly detail?: string;
}

interface Row {
  readonly kind: RefusalKind;
  readonly detail: string;
  readonly client: string;
  readonly account_id: string | null;
  count: number;
}

/** Milliseconds for which refusals are gathered while they keep coming: one row is then written once, not a thousand times. */
const pause = 1_000;

/**
 * Counts refusals in PostgreSQL: one row for each client, kind and hour. Nobody waits for it, so that an answer takes no
 * longer where there was something to write; and what a flood makes us keep in memory and in the table is bounded.
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

  /** Writes what waits, without the pause. */
  async written(): Promise<void> {
    this.#isUrgent = true;
    this.#rest?.end();
    await this.#writing;
    this.#isUrgent = false;
  }

  /** In parts that end in time. @returns how many rows. */
  async eraseOld(): Promise<number> {
    return eraseInParts(async (most) => {
      const [row] = await this.orm.em.fork().execute<{ n: string }[]>('select erase_old_refusals(?) as n', [most]);
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
      await this.orm.em.fork().execute('select count_refusals(?::jsonb)', [JSON.stringify(rows)]);
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
