import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { describeFault, type Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { AuditEvent } from './audit-event.entity.js';
import { type Refusal, Refusals } from './refusals.js';

/** What happened, to whom, from where. Never an address, a key or a password. */
export interface Happening {
  readonly kind: string;
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

  constructor(
    private readonly orm: MikroORM,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {
    this.#refusals = new Refusals(orm, log, metrics);
  }

  /** In the caller's transaction: the event is there exactly if the change is. */
  async record(transaction: EntityManager, happening: Happening): Promise<void> {
    await transaction.insert(AuditEvent, row(happening));
    this.metrics.auditEvent(happening.kind);
  }

  /** By itself: a lost event is logged and hinders nobody. Never rejects. */
  note(happening: Happening): Promise<void> {
    const written = this.#write(happening).finally(() => this.#writing.delete(written));
    this.#writing.add(written);
    return written;
  }

  /** Waits for what was noted and not waited for. */
  async written(): Promise<void> {
    await Promise.all([...this.#writing, this.#refusals.written()]);
  }

  async #write(happening: Happening): Promise<void> {
    try {
      await this.orm.em.fork().insert(AuditEvent, row(happening));
      this.metrics.auditEvent(happening.kind);
    } catch (error) {
      this.metrics.alarm('audit-event-lost');
      this.log.error({ reason: happening.kind, fault: describeFault(error) }, 'an audit event could not be written');
    }
  }

  /** A call that was refused: counted by client, kind and hour, after the answer. Never throws, never rejects. */
  refused(refusal: Refusal): void {
    this.#refusals.note(refusal);
  }

  /** Erases what is older than the trail is kept, in parts that end in time. @returns how many events and counts. */
  async eraseOld(): Promise<number> {
    let erased = 0;
    for (let count = erasedTogether; count === erasedTogether; erased += count) {
      // A function that runs as the tables' owner and knows the 400 days: this process may delete no event.
      const statement = 'select erase_old_audit_events(?) as n';
      const [row] = await this.orm.em.fork().execute<{ n: string }[]>(statement, [erasedTogether]);
      count = Number(row?.n ?? 0);
    }
    return erased + (await this.#refusals.eraseOld());
  }
}

const erasedTogether = 5_000;

function row(happening: Happening) {
  return {
    kind: happening.kind,
    accountId: happening.accountId ?? null,
    origin: happening.origin ?? null,
    client: happening.client ?? null,
    detail: happening.detail ?? {},
  };
}
