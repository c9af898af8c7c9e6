import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { describeFault, type Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { AuditEvent } from './audit-event.entity.js';

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
  readonly #noted = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(
    private readonly orm: MikroORM,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** In the caller's transaction: the event is there exactly if the change is. */
  async record(transaction: EntityManager, happening: Happening): Promise<void> {
    await transaction.insert(AuditEvent, row(happening));
    this.metrics.auditEvent(happening.kind);
  }

  /** By itself, for refusals and limits: a lost event is logged and hinders nobody. Never rejects. */
  note(happening: Happening): Promise<void> {
    const written = this.#write(happening).finally(() => this.#writing.delete(written));
    this.#writing.add(written);
    return written;
  }

  /** Waits for what was noted and not waited for. */
  async written(): Promise<void> {
    await Promise.all(this.#writing);
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

  /** Like `note`, but at most once a minute for the same key: a flood must not fill the table that tells of it. */
  async noteOnceAMinute(key: string, happening: Happening): Promise<void> {
    const now = performance.now();
    if (now - (this.#noted.get(key) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    if (this.#noted.size >= 10_000) this.#noted.clear();
    this.#noted.set(key, now);
    // Nobody waits for some of these, so they must not gather while the database is slow.
    if (this.#writing.size >= writingAtOnce) return this.metrics.alarm('audit-event-lost');
    await this.note(happening);
  }

  /** Erases what is older than `auditRetention`, in parts that end in time. @returns how many events. */
  async eraseOld(): Promise<number> {
    const old = `select id from audit_event where at < now() - interval '${auditRetention}' limit ${erasedAtOnce}`;
    let erased = 0;
    for (let count = erasedAtOnce; count === erasedAtOnce; erased += count) {
      const rows = await this.orm.em
        .fork()
        .execute<unknown[]>(`delete from audit_event where id in (${old}) returning id`);
      count = rows.length;
    }
    return erased;
  }
}

/** Events older than this are erased. */
export const auditRetention = '400 days';
const erasedAtOnce = 5_000;
/** Events of floods. */
const writingAtOnce = 100;

function row(happening: Happening) {
  return {
    kind: happening.kind,
    accountId: happening.accountId ?? null,
    origin: happening.origin ?? null,
    client: happening.client ?? null,
    detail: happening.detail ?? {},
  };
}
