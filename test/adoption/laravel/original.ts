import { debianProgram, Programmed } from '../programmed.js';

export const laravel = new Programmed({
  name: 'Laravel',
  ...debianProgram(
    'laravel/program.php',
    ['/usr/bin/php'],
    [
      '-r',
      `foreach (['Database', 'Hashing', 'Auth'] as $part) require "Illuminate/$part/autoload.php";
      exit(extension_loaded('pdo_pgsql') ? 0 : 1);`,
    ],
    'php-cli, php-pgsql, php-illuminate-hashing, php-illuminate-auth and php-illuminate-database',
  ),
  accounts: {
    table: 'public.users',
    passwordHash: 'password',
    active: 'email_verified_at IS NOT NULL',
    // Laravel's own reset makes a new one, so that nobody stays in by "remember me".
    // Its times have no zone, and are those of its setting `timezone`: UTC.
    set: { remember_token: 'NULL', updated_at: `timezone('UTC', now())` },
    write: { format: 'bcrypt', cost: 10, prefix: '$2y$' },
  },
});
