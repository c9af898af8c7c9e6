import { debianProgram, Programmed } from '../programmed.js';

/** Rails' columns have no time zone and hold UTC. */
const now = `timezone('UTC', now())`;

export const devise = new Programmed({
  name: 'Devise',
  ...debianProgram(
    'devise/program.rb',
    ['/usr/bin/ruby'],
    ['-e', 'require "active_record"; require "devise"; require "pg"'],
    'ruby-devise, ruby-activerecord and ruby-pg',
  ),
  accounts: {
    table: 'public.users',
    passwordHash: 'encrypted_password',
    set: { reset_password_token: 'NULL', reset_password_sent_at: 'NULL', remember_created_at: 'NULL', updated_at: now },
    write: { format: 'bcrypt', cost: 12, prefix: '$2a$', pepper: true },
  },
  // As long as `rails secret` makes it, so that of a password with 72 bytes bcrypt reads nothing of it.
  pepper: 'c0ffee5a1b'.repeat(13).slice(2),
});
