import { defineEntity, p } from '@mikro-orm/core';

/** One event of the audit trail (OWASP ASVS 5.0, 16.3). Holds no e-mail addresses, keys or passwords. */
export const AuditEvent = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_event',
  properties: {
    id: p.bigint('string').primary().autoincrement().generated('identity'),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    kind: p.string().columnType('text'),
    accountId: p.uuid().nullable(),
    /** Request id or job id that led to the event. */
    origin: p.string().columnType('text').nullable(),
    /** Network address of the caller, if there was one. */
    client: p.string().columnType('text').nullable(),
    detail: p.json<Record<string, string | number | boolean>>().defaultRaw("'{}'"),
  },
  indexes: [
    { name: 'audit_event_at_index', properties: ['at'] },
    { name: 'audit_event_account_id_index', properties: ['accountId', 'at'], where: 'account_id is not null' },
  ],
});
