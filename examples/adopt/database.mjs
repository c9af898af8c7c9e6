import { fileURLToPath } from 'node:url';
import bcrypt from 'bcryptjs';
import knex from 'knex';

/** The cost of the hashes, which `accounts.json` repeats. */
const cost = 10;

export const people = [
  { email: 'alice@example.com', name: 'Alice', password: 'a first edition of 1916' },
  { email: 'bob@example.com', name: 'Bob', password: 'three shelves of atlases' },
];

/** @param url of PostgreSQL. */
export function openDatabase(url) {
  return knex({
    client: 'pg',
    connection: url,
    // Not the default, `"$user", public`: the schema of Latchkey's tables has the name of this server's role.
    searchPath: ['public'],
    pool: { min: 0, max: 5 },
    migrations: { directory: fileURLToPath(new URL('migrations', import.meta.url)), loadExtensions: ['.mjs'] },
  });
}

/** Brings the tables to their last version, and adds the people if nobody is there. */
export async function prepare(db) {
  await db.migrate.latest();
  if (await db('users').first('id')) return;
  const hashed = people.map(async ({ email, name, password }) => {
    return { email, name, password: await bcrypt.hash(password, cost) };
  });
  await db('users').insert(await Promise.all(hashed));
}
