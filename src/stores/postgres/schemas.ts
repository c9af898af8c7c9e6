import type { EntityManager } from '@mikro-orm/postgresql';

/** The schemas of one installation. */
export interface Schemas {
  /** Of our tables and functions. */
  readonly own: string;
  /** Of the tables of the job queue. */
  readonly jobs: string;
}

export const defaultSchema = 'latchkey';

export function schemasOf(own: string = defaultSchema): Schemas {
  return { own, jobs: `${own}_jobs` };
}

/** A name as an SQL identifier. */
export const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
/** A text as an SQL literal. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * The name of one of our tables or functions with its schema, for a statement. No statement relies on `search_path`,
 * because the app's tables may have the same names, and a role or a URL may set any path.
 */
export function ours({ config }: Pick<EntityManager, 'config'>, name: string): string {
  return `${identifier(config.get('schema') ?? defaultSchema)}.${name}`;
}
