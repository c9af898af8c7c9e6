/** A column as the catalogue has it. */
export interface Column {
  readonly name: string;
  /** Quoted where SQL needs it. */
  readonly sql: string;
  /** Of a domain, the type below it. */
  readonly type: string;
  /** `S` is text, `B` a truth value, `D` a time, `N` a number (pg_type.typcategory). */
  readonly category: string;
  readonly isNullable: boolean;
  readonly isGenerated: boolean;
}

export interface ForeignKey {
  readonly column: string;
  /** The table that it leads to, as SQL. */
  readonly table: string;
}

/** A table or view that may hold accounts. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  /** With its schema, quoted where SQL needs it. */
  readonly sql: string;
  readonly kind: 'table' | 'view';
  readonly hasRowSecurity: boolean;
  readonly columns: readonly Column[];
  /** The column of a primary key that has one column. */
  readonly key: string | null;
  readonly foreignKeys: readonly ForeignKey[];
  /** Of a view: the tables that it reads, as SQL. */
  readonly reads: readonly string[];
}

export type Catalogue = readonly Table[];

/** A name as one may compare it: `reset_password_token` and `"resetPasswordToken"` are both `resetpasswordtoken`. */
export const plain = (name: string) => name.replaceAll('_', '').toLowerCase();

/** The column with the first of these plain names that there is. */
export function columnNamed({ columns }: Pick<Table, 'columns'>, ...names: readonly string[]): Column | undefined {
  for (const name of names) {
    const found = columns.find((each) => plain(each.name) === name);
    if (found) return found;
  }
  return undefined;
}

export function hasColumns(table: Pick<Table, 'columns'>, ...names: readonly string[]): boolean {
  return names.every((name) => columnNamed(table, name) !== undefined);
}

/** Whether a column can hold text such as an address or a hash. */
export const isText = ({ category, type }: Column) => category === 'S' || type === 'citext';
export const isHashLike = (column: Column) => isText(column) || column.type === 'bytea';
