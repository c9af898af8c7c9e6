import type { QueryResultRow } from 'pg';

export interface TestDatabase {
  readonly url: string;
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}
