import { debianProgram, Programmed } from '../programmed.js';

export const django = new Programmed({
  name: 'Django',
  ...debianProgram(
    'django/program.py',
    ['/usr/bin/python3'],
    ['-c', 'import django, psycopg2'],
    'python3-django and python3-psycopg2',
  ),
  accounts: {
    table: 'public.auth_user',
    passwordHash: 'password',
    active: 'is_active',
    // What Django 3.2 makes.
    write: { format: 'pbkdf2_sha256', iterations: 260_000 },
  },
  hashes: 'pbkdf2-sha256',
});
