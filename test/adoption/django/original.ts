import { readFileSync } from 'node:fs';
import { debianProgram, inFolder, Programmed } from '../programmed.js';

export const django = new Programmed({
  name: 'Django',
  ...debianProgram(
    'django/program.py',
    ['/usr/bin/python3'],
    ['-c', 'import argon2, bcrypt, django, psycopg2'],
    'python3-django, python3-psycopg2, python3-bcrypt and python3-argon2',
  ),
  byHand: readFileSync(inFolder('django/adopt.sql'), 'utf8'),
  accounts: {
    table: 'public.recovery_user',
    passwordHash: 'password',
    active: 'is_active',
    write: { format: 'bcrypt', cost: 12, prefix: '$2b$' },
  },
  alsoReads: [{ format: 'argon2id' }],
});
