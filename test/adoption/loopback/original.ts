import { nodeProgram, Programmed } from '../programmed.js';

export const loopback = new Programmed({
  name: 'LoopBack 4',
  ...nodeProgram('loopback/program.mjs', 'test/adoption/loopback', '@loopback/authentication-jwt'),
  accounts: {
    table: 'public."user"',
    passwordHash: 'password',
    passwordTable: { table: 'public.usercredentials', accountId: 'userid' },
    write: { format: 'bcrypt', cost: 10, prefix: '$2b$' },
  },
});
