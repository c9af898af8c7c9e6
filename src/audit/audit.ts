import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { aMomentLater } from '../calls/a-moment-later.js';
import { describeFault, type Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { eraseInParts } from '../stores/postgres/erase-in-parts.js';
import { ours } from '../stores/postgres/schemas.js';
import { AuditEvent } from './audit-event.entity.js';
import type { EventKind } from './kinds.js';
import { type Refusal, Refusals } from './refusals.js';

/** An event: what happened, to which account, from where. Holds no e-mail address, key or password. */
export interface Happening {
  readonly kind: EventKind;
  readonly accountId?: string;
  /** Request id or job id. */
  readonly origin?: string;
  /** Network address of the caller. */
  readonly client?: string;
  readonly detail?: Record<string, string | number | boolean>;
}

/** The audit trail: who did what, when, from where, with which result. */
export class Audit {
  readonly #refusals: Refusals;
  readonly #writing = new Set<Promise<void>>();
  #gathered: { readonly happenings: Happening[]; readonly end: () => void } | undefined;

  /** @param nameOf the UUID by which the trail knows an account, where its id may be none: then `detail.account` is the id. */
  constructor(
    private readonly orm: MikroORM,
    private readonly log: Log,
    private readonly metrics: Metrics,
    private readonly nameOf: (accountId: string) => string = (accountId) => accountId,
  ) {
    this.#refusals = new Refusals(orm, log, metrics);
  }

  /**
   * Writes an event in the transaction of its change.
   *
   * @throws the fault of the database, which rolls the change back.
   */
  async record(transaction: EntityManager, happening: Happening): Promise<void> {
    await transaction.insert(AuditEvent, this.#row(happening));
    this.metrics.auditEvent(happening.kind);
  }

  /** Writes an event outside a transaction. If that fails, raises an alarm and logs it. Never rejects. */
  note(happening: Happening): Promise<void> {
    return this.#inBackground(this.#write([happening]));
  }

  /**
   * As `note`, but a moment later and together with others, for frequent events: the next mail needs the processor
   * now. The events of the last moment before a process is killed are lost.
   */
  noteSoon(happening: Happening): void {
    if (this.#gathered) {
      this.#gathered.happenings.push(happening);
      return;
    }
    const happenings = [happening];
    const pause = new Promise<void>((resolve) => {
      this.#gathered = { happenings, end: resolve };
      aMomentLater(resolve);
    });
    const write = () => {
      this.#gathered = undefined;
      return this.#write(happenings);
    };
    void this.#inBackground(pause.then(write));
  }

  /** Writes everything that was noted and is not written yet. Never rejects. */
  async written(): Promise<void> {
    this.#gathered?.end();
    await Promise.all([...this.#writing, this.#refusals.written()]);
  }

  #inBackground(written: Promise<void>): Promise<void> {
    const known = written.finally(() => this.#writing.delete(known));
    this.#writing.add(known);
    return known;
  }

  async #write(happenings: readonly Happening[]): Promise<void> {
    try {
      await this.orm.em.fork().insertMany(
        AuditEvent,
        happenings.map((each) => this.#row(each)),
      );
      for (const { kind } of happenings) this.metrics.auditEvent(kind);
    } catch (error) {
      this.metrics.alarm('audit-event-lost');
      const fields = { reason: happenings[0]?.kind, count: happenings.length, fault: describeFault(error) };
      this.log.error(fields, 'audit events could not be written');
    }
  }

  /** Counts a call that was refused, by client, kind and hour, after the answer. Never throws. */
  refused(refusal: Refusal): void {
    const { accountId } = refusal;
    this.#refusals.note(accountId === undefined ? refusal : { ...refusal, accountId: this.nameOf(accountId) });
  }

  #row({ kind, accountId, origin, client, detail }: Happening) {
    const name = accountId === undefined ? undefined : this.nameOf(accountId);
    return {
      kind,
      accountId: name ?? null,
      origin: origin ?? null,
      client: client ?? null,
      detail: { ...detail, ...(accountId === name || accountId === undefined ? {} : { account: accountId }) },
    };
  }

  /** Erases old events and counts in batches that each end in time. @returns how many rows. */
  async eraseOld(): Promise<number> {
    // A database function with the rights of the tables' owner, which keeps 400 days: this process may not delete
    // events.
    const statement = `select ${ours(this.orm, 'erase_old_audit_events')}(?) as n`;
    const erased = await eraseInParts(async (most) => {
      const [row] = await this.orm.em.fork().execute<{ n: string }[]>(statement, [most]);
      return Number(row?.n ?? 0);
    });
    return erased + (await this.#refusals.eraseOld());
  }
}
