import { nodeProgram, Programmed } from '../programmed.js';

export const vendure = new Programmed({
  name: 'Vendure',
  ...nodeProgram('vendure/program.mjs', 'test/attacks/peers/vendure', '@vendure/core'),
  accounts: {
    table: 'public."user"',
    email: 'identifier',
    passwordHash: '"passwordHash"',
    // Administrators stand in the same table; the first one has a name in place of an address.
    active: `"deletedAt" IS NULL AND verified AND identifier LIKE '%@%'`,
    passwordTable: {
      table: 'public.authentication_method',
      accountId: '"userId"',
      where: `type = 'NativeAuthenticationMethod'`,
    },
    set: { '"passwordResetToken"': 'NULL', '"updatedAt"': 'now()' },
    also: ['DELETE FROM public.session WHERE "userId" = :id'],
    write: { format: 'bcrypt', cost: 12, prefix: '$2b$' },
  },
});
