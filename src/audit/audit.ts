import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { describeFault, type Log } from '../log.js';
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

export class Audit {
  constructor(
    private readonly orm: MikroORM,
    private readonly log: Log,
  ) {}

  /** In the caller's transaction: the event is there exactly if the change is. */
  async record(transaction: EntityManager, happening: Happening): Promise<void> {
    await transaction.insert(AuditEvent, row(happening));
  }

  /** By itself, for refusals and limits: a lost event is logged and hinders nobody. */
  async note(happening: Happening): Promise<void> {
    try {
      await this.orm.em.fork().insert(AuditEvent, row(happening));
    } catch (error) {
      this.log.error({ reason: happening.kind, fault: describeFault(error) }, 'an audit event could not be written');
    }
  }
}

function row(happening: Happening) {
  return {
    kind: happening.kind,
    accountId: happening.accountId ?? null,
    origin: happening.origin ?? null,
    client: happening.client ?? null,
    detail: happening.detail ?? {},
  };
}
