import { nodeProgram, Programmed } from '../programmed.js';

export const knex = new Programmed({
  name: 'Express with Knex',
  ...nodeProgram('knex/program.mjs', 'test/adoption/knex', 'knex'),
  accounts: {
    table: 'public.users',
    passwordHash: 'password',
    write: { format: 'bcrypt', cost: 10, prefix: '$2b$' },
  },
});
