/** What is told, and what changed with it: the value of `change`. */
export const eventTypes = {
  'password.reset': 'password',
  'password.changed': 'password',
  'password.disputed': 'password',
  'sessions.ended': 'sessions',
  'account.disabled': 'status',
  'account.enabled': 'status',
  'account.deleted': 'status',
  /** Made by `latchkey events test` alone. */
  'latchkey.test': 'nothing',
} as const;
export type EventType = keyof typeof eventTypes;

/** One change of one account, as it is stored until every receiver has it. Holds no address, key, hash or password. */
export interface CredentialEvent {
  /** A UUID; the same at each attempt and for each receiver. */
  readonly id: string;
  readonly type: EventType;
  /** Our UUID, or the id that the app's table has. */
  readonly accountId: string;
  /** When it was changed: ISO 8601, UTC; the database's clock. */
  readonly at: string;
  /** From 1; rises by one with each event of the account. */
  readonly sequence: number;
}

/** The body of a webhook: see docs/events.schema.json. */
export function bodyOf({ type, accountId, at, sequence }: CredentialEvent): string {
  return JSON.stringify({ type, timestamp: at, data: { accountId, change: eventTypes[type], at, sequence } });
}
