import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { buildSchema, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { defineAccountCommands } from '../../src/commands/accounts/accounts.commands.js';
import { packageFolder } from '../../src/package-files.js';

const schema = buildSchema(readFileSync(join(packageFolder, 'schema/schema.graphql'), 'utf8'));
const fields = Object.values(schema.getTypeMap())
  .filter(({ name }) => !name.startsWith('__'))
  .flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  );
const named = (pattern: RegExp) => fields.filter((field) => pattern.test(field.split('.')[1] ?? ''));

// Shows: R-36, ASVS 6.4.2, NIST 3.1.1.2-8, NIST 3.1.1.2-9
it('the schema has no hint, question or answer', () => {
  expect(fields.length).toBeGreaterThan(50);
  expect(named(/hint|question|answer|remind|birth|maiden/i)).toEqual([]);
});

// Shows: R-32, ASVS 6.3.6, ARTHA 4.2.1
it('nothing but a password signs in: a reset and a confirmed sign-up give no token', () => {
  expect(named(/token|session|jwt|cookie/i).sort()).toEqual(['PasswordChanged.accessToken', 'SignedIn.accessToken']);
  const keysOf = (type: string) => fields.filter((field) => field.startsWith(`${type}.`));
  expect(keysOf('PasswordResetCompleted').sort()).toEqual([
    'PasswordResetCompleted.device',
    'PasswordResetCompleted.signInUrl',
  ]);
  expect(keysOf('SignUpConfirmed')).toEqual(['SignUpConfirmed.account']);
});

// Shows: R-37, V-12
it('passwords, hashes and keys are only ever given, never told', () => {
  const told = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !/^__|^(?:Query|Mutation)$/.test(type.name))
    .flatMap((type) => (isObjectType(type) ? Object.keys(type.getFields()) : []));
  expect(told.filter((field) => /^(?!passwordChangedAt$).*(?:password|hash|secret)|^key$/i.test(field))).toEqual([]);
});

// Shows: R-37, ASVS 6.4.6
it('staff have no command that sets or shows a password or a key', () => {
  const account = new Command();
  defineAccountCommands(account, async () => undefined);
  const known = account.commands.map((command) => [
    command.name(),
    ...command.registeredArguments.map((argument) => argument.name()),
    ...command.options.map(({ long }) => long),
  ]);
  expect(known).toEqual([
    ['add', 'email', '--locale', '--id'],
    ['disable', 'account'],
    ['enable', 'account'],
    ['show', 'account', '--json'],
    // Adds accounts with hashes from elsewhere, and leaves those alone that exist and were changed here.
    [
      ...['import', 'file', '--dry-run', '--allow-expensive', '--from', '--firebase-parameters', '--keep-unverified'],
      ...[
        '--update',
        '--strict',
        '--errors',
        '--pepper-file',
        '--without-pepper',
        '--test-account',
        '--test-password-file',
      ],
    ],
    // Hashes leave in a file of the operator's only, and by a flag of their own.
    ['export', '--with-hashes', '--output', '--force'],
  ]);
});
