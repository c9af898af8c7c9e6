import { fragmentFault, placeholdersIn } from './fragment.js';
import { parseIdentifier, quoteIdentifier } from './identifier.js';
import type { Assignment, PasswordTable, Shape, WrittenForm } from './shape.js';

/** What is wrong with one key: `passwordTable.where`, `also[0]`; empty for the whole. */
export interface ShapeFault {
  readonly key: string;
  readonly fault: string;
}

export type ShapeReading =
  | { readonly kind: 'Read'; readonly shape: Shape }
  | { readonly kind: 'Faulty'; readonly faults: readonly ShapeFault[] };

const shapeKeys = ['table', 'id', 'email', 'emailIsLowerCase', 'passwordHash', 'active', 'locale', 'passwordTable'];
const keys = [...shapeKeys, 'set', 'also', 'ends', 'write'];
const passwordTableKeys = ['table', 'accountId', 'where'];
const writeKeys = {
  argon2id: ['format'],
  bcrypt: ['format', 'cost', 'prefix', 'pepper'],
  pbkdf2_sha256: ['format', 'iterations'],
  'better-auth-scrypt': ['format'],
} as const;
/** A login that bcrypt makes slower than this is a person's wait, and a stranger's weapon. */
const bcryptCosts = { least: 4, usual: 10, most: 14 } as const;
/** Django has had 100,000 and more since 2.0; the usual number is that of 5.2. */
const iterationsOfDjango = { least: 100_000, usual: 1_000_000, most: 2_000_000 } as const;
const prefixes = ['$2a$', '$2b$', '$2y$'] as const;
/** The schema of a table whose name has none. Not the search path, which differs between roles. */
const usualSchema = 'public';

type Fields = Readonly<Record<string, unknown>>;

/** Reads the shape of an app's accounts, as `ACCOUNTS` describes it. Names every fault that can be seen without the database. */
export function readShape(value: unknown): ShapeReading {
  return new ShapeReader().read(value);
}

class ShapeReader {
  readonly #faults: ShapeFault[] = [];

  read(value: unknown): ShapeReading {
    const fields = this.#object('', value, keys);
    const [table, name] = this.#table('table', fields.table);
    const passwordTable = fields.passwordTable === undefined ? undefined : this.#passwordTable(fields.passwordTable);
    const passwordHash = this.#column('passwordHash', fields.passwordHash, 'password_hash');
    const shape: Shape = {
      name,
      table,
      id: this.#column('id', fields.id, 'id'),
      email: this.#column('email', fields.email, 'email'),
      passwordHash,
      active: this.#sql('active', fields.active, 'true'),
      locale: this.#sql('locale', fields.locale, 'null'),
      passwordTable,
      set: this.#set(fields.set, passwordHash),
      also: this.#list('also', fields.also).map(([key, text]) => this.#statement(key, text)),
      ends: this.#list('ends', fields.ends).map(([key, text]) => this.#sql(key, text, '')),
      emailIsLowerCase: this.#flag('emailIsLowerCase', fields.emailIsLowerCase),
      write: this.#write(fields.write),
    };
    return this.#faults.length > 0 ? { kind: 'Faulty', faults: this.#faults } : { kind: 'Read', shape };
  }

  #fault(key: string, fault: string): void {
    this.#faults.push({ key, fault });
  }

  /** The members of an object, each of which is one of `known`. */
  #object(key: string, value: unknown, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#fault(key, `is not a JSON object; allowed: an object with ${known.join(', ')}`);
      return {};
    }
    for (const each of Object.keys(value).filter((member) => !known.includes(member))) {
      this.#fault(key ? `${key}.${each}` : each, `is no key here; allowed: ${known.join(', ')}`);
    }
    return value as Fields;
  }

  #text(key: string, value: unknown): string | undefined {
    if (typeof value === 'string') return value;
    this.#fault(key, `${value === undefined ? 'is missing' : 'is not text'}; allowed: SQL as a JSON string`);
    return undefined;
  }

  /** @returns the table as SQL, and its name with the schema. */
  #table(key: string, value: unknown): [sql: string, name: string] {
    const text = this.#text(key, value);
    const parts = text === undefined ? undefined : parseIdentifier(text);
    if (text !== undefined && (parts === undefined || parts.length > 2)) {
      const fault = `was ${JSON.stringify(text)}, which is no name of a table; allowed: users, public.users, "Users" (quoted as in SQL)`;
      this.#fault(key, fault);
    }
    const [table = '', schema = usualSchema] = [...(parts ?? [])].reverse();
    return [quoteIdentifier([schema, table]), `${schema}.${table}`];
  }

  #column(key: string, value: unknown, byDefault: string): string {
    const text = this.#text(key, value ?? byDefault) ?? byDefault;
    const parts = parseIdentifier(text);
    if (parts?.length === 1) return quoteIdentifier(parts);
    this.#fault(
      key,
      `was ${JSON.stringify(text)}, which is no name of a column; allowed: email, "userId" (quoted as in SQL)`,
    );
    return '';
  }

  #sql(key: string, value: unknown, byDefault: string): string {
    const text = this.#text(key, value ?? byDefault) ?? byDefault;
    const fault = fragmentFault(text);
    if (fault && (typeof value === 'string' || byDefault === '')) {
      this.#fault(key, `${fault}; allowed: an SQL expression over the table`);
    }
    const [placeholder] = placeholdersIn(text);
    if (placeholder)
      this.#fault(key, `has :${placeholder}; allowed: an SQL expression without placeholders, which "also" alone has`);
    return text;
  }

  #statement(key: string, value: unknown): string {
    const text = this.#text(key, value)?.trim().replace(/;$/, '') ?? '';
    const fault = typeof value === 'string' ? fragmentFault(text) : undefined;
    if (fault) this.#fault(key, `${fault}; allowed: one SQL statement`);
    const other = placeholdersIn(text).find((name) => name !== 'id');
    if (other) this.#fault(key, `has :${other}; allowed: the placeholder :id, the account's id`);
    return text;
  }

  #list(key: string, value: unknown): [key: string, value: unknown][] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map((each, index) => [`${key}[${index}]`, each]);
    this.#fault(key, 'is not a list; allowed: a JSON array of texts');
    return [];
  }

  #flag(key: string, value: unknown): boolean {
    if (value !== undefined && typeof value !== 'boolean') {
      const elsewhere =
        key === 'write.pepper' ? '; the secret itself is PASSWORD_PEPPER, or in PASSWORD_PEPPER_FILE' : '';
      this.#fault(key, `is neither; allowed: true, false${elsewhere}`);
    }
    return value === true;
  }

  #set(value: unknown, passwordHash: string): Assignment[] {
    if (value === undefined) return [];
    const seen = new Set([passwordHash]);
    return Object.entries(this.#object('set', value, Object.keys(value ?? {}))).map(([name, expression]) => {
      const key = `set.${name}`;
      const column = this.#column(key, name, name);
      if (column && seen.has(column)) {
        const what =
          column === passwordHash ? 'is the column of the hash, which we write' : 'is a column that is set twice';
        this.#fault(key, `${what}; allowed: every other column, once`);
      }
      seen.add(column);
      return { column, value: this.#sql(key, expression, '') };
    });
  }

  #passwordTable(value: unknown): PasswordTable {
    const fields = this.#object('passwordTable', value, passwordTableKeys);
    if (fields.accountId === undefined)
      this.#fault('passwordTable.accountId', 'is missing; allowed: the column with the id of the account');
    return {
      table: this.#table('passwordTable.table', fields.table)[0],
      accountId: this.#column('passwordTable.accountId', fields.accountId, 'account_id'),
      where: this.#sql('passwordTable.where', fields.where, 'true'),
    };
  }

  #write(value: unknown): WrittenForm {
    const byDefault: WrittenForm = { format: 'argon2id' };
    if (value === undefined) return byDefault;
    const { format } = (value ?? {}) as Fields;
    if (!isFormat(format)) {
      this.#object('write', value, Object.values(writeKeys).flat());
      const allowed = Object.keys(writeKeys).map((each) => JSON.stringify(each));
      this.#fault('write.format', `was ${JSON.stringify(format) ?? 'not given'}; allowed: ${allowed.join(', ')}`);
      return byDefault;
    }
    const fields = this.#object('write', value, writeKeys[format]);
    if (format === 'argon2id' || format === 'better-auth-scrypt') return { format };
    if (format === 'pbkdf2_sha256') {
      return { format, iterations: this.#whole('write.iterations', fields.iterations, iterationsOfDjango) };
    }
    const { prefix = '$2b$' } = fields;
    const cost = this.#whole('write.cost', fields.cost, bcryptCosts);
    const known = prefixes.find((each) => each === prefix);
    if (!known) this.#fault('write.prefix', `allowed: ${prefixes.map((each) => `"${each}"`).join(', ')}`);
    const hasPepper = this.#flag('write.pepper', fields.pepper);
    return { format, cost, prefix: known ?? '$2b$', ...(hasPepper ? { pepper: true } : {}) };
  }

  #whole(key: string, value: unknown, { least, usual, most }: { least: number; usual: number; most: number }): number {
    if (value === undefined) return usual;
    const isIn = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
    if (!isIn) this.#fault(key, `allowed: a whole number from ${least} to ${most}`);
    return Number(value);
  }
}

function isFormat(format: unknown): format is keyof typeof writeKeys {
  return typeof format === 'string' && Object.hasOwn(writeKeys, format);
}
