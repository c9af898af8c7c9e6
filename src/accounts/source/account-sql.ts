import type { EntityManager } from '@mikro-orm/postgresql';
import type { Shape } from '../../settings/accounts/shape.js';
import type { Facts } from './facts.js';

/** Makes a literal of a value. */
export type Quote = (value: string | number) => string;

/** As the ORM makes literals. */
export function quoteOf(em: Pick<EntityManager, 'getPlatform'>): Quote {
  const platform = em.getPlatform();
  return (value) => String(platform.quoteValue(value));
}

/** What the guard of a new password compares. */
export interface Guard {
  readonly id: string;
  readonly stamp: string;
  readonly credentialVersion: number;
  readonly sessionVersion?: number | undefined;
  /** The row is changed only if this is later than the database's clock. */
  readonly notAfter?: Date | undefined;
}

/** What the stamp is made of, each as SQL. */
interface Stamped {
  readonly id: string;
  readonly email: string;
  readonly hash: string;
  readonly ends: string;
}

/** Rows of one address that are looked at: more spellings of it than people use, and a bound on what a stranger can make. */
export const mostOfOneAddress = 5;

/**
 * The statements on the table that a shape names, values and all. A fragment of the shape is evaluated where no name but
 * those of its own table is in reach; names of ours begin with `latchkey_`. Literals are of unknown type, so they take
 * that of the column: `id = '7'` uses an index on a bigint.
 */
export class AccountSql {
  constructor(
    private readonly shape: Shape,
    private readonly facts: Facts,
    private readonly quote: Quote,
    /** The table of versions beside an app's accounts, with its schema. */
    private readonly beside: string,
  ) {}

  findById(id: string, withHash: boolean): string {
    return `${this.#read(`${this.shape.id} = ${this.quote(id)}`, withHash)} limit 1`;
  }

  /**
   * @param spellings of one address.
   * @param one the spelling that comes first among several accounts; active ones come before it.
   */
  findByAddress(spellings: readonly string[], one: string, withHash: boolean): string {
    const { email, name } = this.shape;
    const compared = this.facts.emailComparesAsWritten ? email : `lower(${email})`;
    if (!name) return `${this.#read(`${email} = ${this.quote(one)}`, withHash)} limit 1`;
    const found = this.#read(`${compared} in (${spellings.map(this.quote).join(', ')})`, withHash);
    return `${found} order by latchkey_active desc, (latchkey_email = ${this.quote(one)}) desc, latchkey_id limit ${mostOfOneAddress}`;
  }

  /** The same rows, or one row of nulls, so that both cases cost the same work. */
  oneRowAtLeast(found: string): string {
    return `select found.* from (select 1) as asked left join (${found}) as found on true`;
  }

  /** The row that holds the hash; as many rows as it finds. */
  lock(id: string): string {
    const { shape, facts } = this;
    const { passwordTable: other } = shape;
    const where = other
      ? `${other.accountId} = ${this.quote(id)} and (${other.where}\n)`
      : `${shape.id} = ${this.quote(id)}`;
    return `select 1 as found from ${other?.table ?? shape.table} where ${where} ${facts.lock}`;
  }

  /** The guarded UPDATE of the hash; gives the hash that was written and the time. */
  write(guard: Guard, hash: string): string {
    const { passwordHash, set, passwordTable: other, table } = this.shape;
    const changes = [`${passwordHash} = ${this.quote(hash)}`, ...set.map(assignment)].join(', ');
    const returned = `returning ${this.#hash()} as hash, now() as now`;
    const inTime = guard.notAfter ? [`now() < ${this.quote(guard.notAfter.toISOString())}::timestamptz`] : [];
    if (!other) {
      const stamped = this.#stampIs(guard, { ...this.#ownColumns(), hash: this.#hash() });
      const conditions = [...this.#isActive(guard.id), ...this.#versions(guard), ...stamped, ...inTime];
      return `update ${table} set ${changes} where ${conditions.join(' and ')} ${returned}`;
    }
    const { id, email, ends } = this.#ownColumns();
    const owner = `select ${this.shape.id} as latchkey_key, ${id} as latchkey_id, ${email} as latchkey_email, ${ends} as latchkey_ends
      from ${table} where ${this.#isActive(guard.id).join(' and ')}`;
    const stamped = this.#stampIs(guard, { ...besideIt, hash: this.#hash() });
    const ofOwner = `${other.accountId} = latchkey_key and (${other.where}\n)`;
    // The row that we locked is one; another may have been added since.
    const isAlone = `(select count(*) from ${other.table} where ${ofOwner}) = 1`;
    const conditions = [ofOwner, isAlone, ...stamped, ...inTime];
    return `update ${other.table} set ${changes} from (${owner}) as latchkey_owner where ${conditions.join(' and ')} ${returned}`;
  }

  /** `email` in lower case and `password_hash` of every active account. */
  hashes(): string {
    const { table, id, email, active, passwordTable: other } = this.shape;
    if (!other)
      return `select lower(${email}::text) as email, ${this.#hash()} as password_hash from ${table} where (${active}\n) is true`;
    const owner = `select ${id} as latchkey_key, lower(${email}::text) as latchkey_email from ${table} where (${active}\n) is true`;
    return `select latchkey_email as email, ${this.#hash()} as password_hash
      from ${other.table} join (${owner}) as latchkey_owner on ${other.accountId} = latchkey_key where (${other.where}\n)`;
  }

  /** In place of a weak hash of the same password; only in our own table, whose versions it leaves. */
  renew({ id, credentialVersion }: Guard, before: string, after: string): string {
    const { table, passwordHash } = this.shape;
    return `update ${table} set ${passwordHash} = ${this.quote(after)}
      where id = ${this.quote(id)} and credential_version = ${credentialVersion} and ${passwordHash} = ${this.quote(before)} returning 1`;
  }

  /** The columns of `Credential`, from the rows for which the condition holds. */
  #read(condition: string, withHash: boolean): string {
    const { table, id: key, active, locale, name, passwordTable: other } = this.shape;
    const { id, email, ends } = this.#ownColumns();
    const columns = [
      `${key} as latchkey_key, ${id} as latchkey_id, ${email} as latchkey_email, ${ends} as latchkey_ends`,
      `(${active}\n) is true as latchkey_active, (${locale}\n)::text as latchkey_locale`,
      ...(name ? [] : [versionsInRow]),
      ...(other ? [] : [`1 as latchkey_hashes, ${this.#hash()} as latchkey_hash`]),
    ];
    const rows = `select ${columns.join(', ')} from ${table} where ${condition}`;
    const hashes = other
      ? `left join lateral (select count(*)::int as latchkey_hashes, min(latchkey_hash) as latchkey_hash
           from (select ${this.#hash()} as latchkey_hash from ${other.table}
                  where ${other.accountId} = latchkey_key and (${other.where}\n) limit 2) as latchkey_two) as latchkey_password on true`
      : '';
    const versions = name
      ? `left join ${this.beside} as latchkey_beside on latchkey_beside.table_name = ${this.quote(name)} and latchkey_beside.account_id = latchkey_id`
      : '';
    const stamp = name ? stampOf({ ...besideIt, hash: 'latchkey_hash' }) : `''`;
    const [version, session, changed, created] = name ? columnsBeside : columnsInRow;
    return `select latchkey_id as id, latchkey_email as email, latchkey_locale as locale,
        case when latchkey_active then 'active' else 'disabled' end as status, latchkey_hashes as hashes,
        ${version} as "credentialVersion", ${session} as "sessionVersion", ${changed} as "credentialsChangedAt",
        ${created} as "createdAt", now() as "readAt", ${stamp} as stamp, ${withHash ? 'latchkey_hash' : 'null::text'} as "passwordHash"
      from (${rows}) as latchkey_account ${hashes} ${versions}`;
  }

  #ownColumns(): Omit<Stamped, 'hash'> {
    const { id, email, ends } = this.shape;
    // In binary form: as text, a time depends on the time zone of the connection.
    const values = ends.map((each) => `(${each}\n)`).join(', ');
    return {
      id: `${id}::text`,
      email: `${email}::text`,
      ends: ends.length > 0 ? `record_send(row(${values}))` : 'null::bytea',
    };
  }

  #hash(): string {
    return hashAsText(this.shape, this.facts);
  }

  #isActive(id: string): string[] {
    return [`${this.shape.id} = ${this.quote(id)}`, `(${this.shape.active}\n) is true`];
  }

  #versions({ credentialVersion, sessionVersion }: Guard): string[] {
    if (this.shape.name) return [];
    const session = sessionVersion === undefined ? [] : [`session_version = ${sessionVersion}`];
    return [`credential_version = ${credentialVersion}`, ...session];
  }

  #stampIs({ stamp }: Guard, stamped: Stamped): string[] {
    return this.shape.name ? [`${stampOf(stamped)} = ${this.quote(stamp)}`] : [];
  }
}

const versionsInRow =
  'credential_version as latchkey_version, session_version as latchkey_session_version, credentials_changed_at as latchkey_changed_at, created_at as latchkey_created_at';
const columnsInRow = ['latchkey_version', 'latchkey_session_version', 'latchkey_changed_at', 'latchkey_created_at'];
const columnsBeside = [
  'coalesce(latchkey_beside.version, 1)',
  'coalesce(latchkey_beside.session_version, 1)',
  'latchkey_beside.changed_at',
  'coalesce(latchkey_beside.created_at, now())',
];
const besideIt = { id: 'latchkey_id', email: 'latchkey_email', ends: 'latchkey_ends' };

/** What the row says, as 64 hexadecimal digits: a change of any of these values is another stamp. Null is a value. */
function stampOf({ id, email, hash, ends }: Stamped): string {
  const values = `jsonb_build_array('latchkey stamp v1', ${id}, ${email}, ${hash}, encode(${ends}, 'hex'))`;
  return `encode(sha256(convert_to(${values}::text, 'UTF8')), 'hex')`;
}

/** SQL: the hash as text; of bytes the characters, and others as escapes, so that no value makes a statement fail. */
export function hashAsText({ passwordHash }: Pick<Shape, 'passwordHash'>, { hashIsBytes }: Pick<Facts, 'hashIsBytes'>) {
  return hashIsBytes ? `encode(${passwordHash}, 'escape')` : `${passwordHash}::text`;
}

export function assignment({ column, value }: { column: string; value: string }): string {
  return `${column} = ${/^default$/i.test(value.trim()) ? 'default' : `(${value}\n)`}`;
}
