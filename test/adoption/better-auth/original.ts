import { nodeProgram, Programmed } from '../programmed.js';

export const betterAuth = new Programmed({
  name: 'Better Auth',
  ...nodeProgram('better-auth/program.mjs', 'test/adoption/better-auth', 'better-auth'),
  accounts: {
    table: 'public."user"',
    passwordHash: 'password',
    active: '"emailVerified"',
    passwordTable: {
      table: 'public.account',
      accountId: '"userId"',
      where: `"providerId" = 'credential'`,
    },
    set: { '"updatedAt"': 'now()' },
    also: ['DELETE FROM public.session WHERE "userId" = :id'],
    write: { format: 'better-auth-scrypt' },
  },
  hashes: 'scrypt',
  alsoReads: [{ format: 'argon2id' }],
});
