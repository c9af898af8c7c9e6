// An app of Express and Knex as tutorials build it: one table, bcryptjs, and a column in which its own reset keeps a token.
import { once } from 'node:events';
import bcrypt from 'bcryptjs';
import express from 'express';
import knex from 'knex';
import { answer, oncePerPassword } from '../answer.mjs';

const db = knex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 2 } });

const users = {
  up: ({ schema }) =>
    schema.createTable('users', (table) => {
      table.increments();
      table.string('email', 128).unique().notNullable();
      table.string('password', 128).notNullable();
      table.string('resetLink', 255);
    }),
  down: ({ schema }) => schema.dropTable('users'),
};

const app = express();
app.use(express.json());
app.post('/login', async (request, response) => {
  const { email, password } = request.body;
  const user = await db('users').where({ email }).first();
  const isRight = user && (await bcrypt.compare(password, user.password));
  response.status(isRight ? 200 : 401).json(isRight ? { id: user.id } : { error: 'wrong address or password' });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');

await answer({
  async schema() {
    const migrationSource = {
      getMigrations: async () => ['users'],
      getMigrationName: (name) => name,
      getMigration: async () => users,
    };
    await db.migrate.latest({ migrationSource });
  },
  async users({ users }) {
    const hashOf = oncePerPassword((password) => bcrypt.hash(password, 10));
    const rows = [];
    for (const { address, password } of users) {
      rows.push({ email: address, password: await hashOf(password), resetLink: `the app's own, of ${address}` });
    }
    await db.batchInsert('users', rows);
    return users.map(({ address }) => address);
  },
  async verify({ address, password }) {
    const { status } = await fetch(`http://127.0.0.1:${server.address().port}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: address, password }),
    });
    if (status !== 200 && status !== 401) throw new Error(`/login answered ${status}`);
    return status === 200;
  },
});
