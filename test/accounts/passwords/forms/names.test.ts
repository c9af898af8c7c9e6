import { afterAll, beforeAll, expect, it } from 'vitest';
import { dummyOf, formName, formNameInSql } from '../../../../src/accounts/passwords/forms/names.js';
import { isReadKind, kindInSql } from '../../../../src/commands/adopt/survey/hash-kinds.js';
import { createEmptyDatabase, type TestDatabase } from '../../../support/stores.js';
import { vectors } from './vectors.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database?.drop());

const forms = [...new Set([...vectors.map(({ form }) => form), 'wrapped m=19456,t=2,p=1', 'phpass 22', 'bcrypt 16'])];
const hashes = [
  ...vectors.map(({ hash }) => hash),
  ...forms.map(dummyOf),
  // As an import marks them.
  ...vectors.flatMap(({ hash }) => (hash.startsWith('$2') ? [`$peppered${hash}`] : [])),
  // As the argon2 package writes it.
  '$argon2id$v=19$m=4096,p=2,t=3$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA',
];

/** Each hash with what PostgreSQL makes of it. */
const asked = (expression: string, texts: readonly string[]) =>
  database.query<{ text: string; answer: string | null }>(
    `select text, ${expression} as answer from unnest($1::text[]) with ordinality as given(text, at) order by at`,
    [texts],
  );

// So the dummies of people without an account have the forms of those who have one.
it('PostgreSQL names the form of each hash as we do', async () => {
  for (const { text, answer } of await asked(formNameInSql('text'), hashes)) {
    expect(answer, text).toBe(formName(text));
    expect(answer, text).not.toBeNull();
  }
});

it('and has no name for what is of no form, however it looks', async () => {
  const others = ['', '!', '*', 'plain', '5f4dcc3b5aa765d61d8327deb882cf99', '$1$seasalt$abcdef', 'x'.repeat(100_000)];
  const broken = vectors.map(({ hash }) => `${hash}$`);
  const numbers = [`pbkdf2_sha256$${'9'.repeat(40)}$seasalt$${'A'.repeat(43)}=`, `AQAAAA${'/'.repeat(76)}==`];
  for (const { text, answer } of await asked(formNameInSql('text'), [...others, ...broken, ...numbers])) {
    if (formName(text) === undefined && answer !== null) expect(formName(dummyOf(answer)), text).toBeUndefined();
  }
});

it('`latchkey adopt` counts exactly those as verified', async () => {
  const unread = ['$1$seasalt$abcdef', '!', '$2b$12$short', 'AAAA', '{MD5}abcd', 'e'.repeat(32), dummyOf('bcrypt 17')];
  const kinds = await asked(kindInSql('(text collate "C")'), [...hashes, ...unread]);
  for (const { text, answer } of kinds)
    expect(isReadKind(answer ?? ''), `${answer}`).toBe(formName(text) !== undefined);
});
