import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountAdmin } from '../../../src/commands/accounts/account-admin.js';
import { type App, startBeside, users, usersShape } from './app.js';

let app: App;
let printed = '';
const out = {
  write(text: string): boolean {
    printed += text;
    return true;
  },
};
beforeAll(async () => {
  app = await startBeside(users, usersShape);
});
afterAll(() => app?.close());

const admin = () => {
  printed = '';
  const { accounts, audit, passwordHash } = app.latchkey.services;
  const terminal = { in: Readable.from([]), out, err: out };
  const { argon2 } = app.latchkey.settings.accounts;
  return new AccountAdmin({
    accounts,
    audit,
    passwordHash,
    argon2,
    knownLocale: (tag) => tag,
    languages: ['en'],
    terminal,
  });
};

describe('latchkey account, beside an app', () => {
  it.each<[string, (of: AccountAdmin) => Promise<unknown>]>([
    ['add', (of) => of.add('carol@example.com', {})],
    ['disable', (of) => of.disable('41')],
    ['enable', (of) => of.enable('alice@example.com')],
    ['import', (of) => of.import('-', {})],
  ])('%s says that the app owns the rows', async (_what, act) => {
    const before = await app.database.query('select * from users order by id');
    await expect(act(admin())).rejects.toThrow('the app owns the rows of public.users, where accounts live (ACCOUNTS)');
    expect(await app.database.query('select * from users order by id')).toEqual(before);
  });

  it.each(['41', 'ALICE@example.com'])('show reads the row of the app: %s', async (who) => {
    await admin().show(who, { json: true });
    expect(JSON.parse(printed)).toMatchObject({
      id: '41',
      email: 'alice@example.com',
      locale: 'de',
      status: 'active',
      credentialVersion: 1,
      credentialsChangedAt: null,
      hash: { algorithm: 'bcrypt', cost: 4 },
    });
    await admin().show(who, {});
    expect(printed).toMatch(/credentialsChangedAt +unknown\n/);
  });

  it.each(['99', 'x', '99999999999999999999'])('show knows no account %s', async (who) => {
    await expect(admin().show(who, {})).rejects.toThrow('no such account');
  });
});
