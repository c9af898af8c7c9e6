import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readEntry } from '../../../src/commands/accounts/import/entry.js';
import { parseFirebaseParameters } from '../../../src/commands/accounts/import/products/firebase.js';
import {
  type Product,
  type ProductName,
  productNames,
} from '../../../src/commands/accounts/import/products/product.js';
import { expectProduct, productOf } from '../../../src/commands/accounts/import/products/products.js';
import { openRecords } from '../../../src/commands/accounts/import/records/records.js';

const bcrypt = '$2b$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
const signerKey = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';
const config = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: ${signerKey},
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}`;

/** Translates every user of a file. */
async function translated(file: string, product: Product) {
  const { all } = await openRecords(Readable.from([Buffer.from(file)]), product);
  const seen: unknown[] = [];
  for await (const { fields } of all) {
    if (!fields) continue;
    expectProduct(fields, product);
    seen.push(product.translate(fields));
  }
  return seen;
}
const lines = (...users: object[]) => users.map((user) => `${JSON.stringify(user)}\n`).join('');

/** One user each, as the product writes it. */
const samples: Record<ProductName, string> = {
  auth0: lines({
    _id: { $oid: '5dea' },
    email_verified: true,
    email: 'a@b.example',
    passwordHash: bcrypt,
    tenant: 't',
  }),
  firebase: JSON.stringify({ users: [{ localId: 'f1', email: 'a@b.example', emailVerified: true }] }, null, 2),
  keycloak: JSON.stringify({ id: 'r', realm: 'shop', users: [{ id: 'k1', username: 'a', credentials: [] }] }, null, 2),
  cognito: 'cognito:username,name,email,email_verified,cognito:mfa_enabled\nann,Ann,a@b.example,TRUE,FALSE\n',
  supabase: `instance_id,id,email,encrypted_password,email_confirmed_at\n0,1,a@b.example,${bcrypt},2024-01-01 00:00:00+00\n`,
};

describe('the export of', () => {
  it('Auth0: hashes, users and bulk imports, by line or as an array', async () => {
    const users = [
      { _id: { $oid: '5dea' }, email_verified: false, email: 'a@b.example', passwordHash: bcrypt, alt_id: 'euclid' },
      {
        _id: { $oid: '5deb' },
        passwordHash: bcrypt,
        identifiers: [{ type: 'email', value: 'c@d.example', verified: true }],
      },
      {
        user_id: 'auth0|x',
        email: 'e@f.example',
        email_verified: true,
        blocked: true,
        created_at: '2019-12-06T18:36:12.412Z',
      },
      { user_id: 'y', email: 'g@h.example', custom_password_hash: { algorithm: 'ldap', hash: { value: '{SSHA}x' } } },
      { user_id: 'z', email: 'i@j.example', custom_password_hash: { algorithm: 'md5', hash: { value: 'x' } } },
      { user_id: 'sms|1', phone_number: '1' },
    ];
    const expected = [
      { fields: { external_id: 'auth0|euclid', email: 'a@b.example', hash: bcrypt }, isUnverified: true },
      { fields: { external_id: 'auth0|5deb', email: 'c@d.example', status: 'active' }, isUnverified: false },
      { fields: { external_id: 'auth0|x', hash: null, status: 'disabled', createdAt: '2019-12-06T18:36:12.412Z' } },
      { fields: { external_id: 'auth0|y', hash: '{SSHA}x' } },
      { refused: expect.stringContaining('custom_password_hash') },
      { skipped: 'has no e-mail address' },
    ];
    expect(await translated(lines(...users), productOf('auth0'))).toMatchObject(expected);
    expect(await translated(JSON.stringify(users, null, 2), productOf('auth0'))).toMatchObject(expected);
  });

  it('Firebase: JSON, and CSV without a header row, with the parameters of the project', async () => {
    const product = productOf('firebase', parseFirebaseParameters(config));
    const hash = `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${signerKey}$c2FsdA==$aGFzaA==`;
    const user = {
      ...{ localId: 'f1', email: 'a@b.example', emailVerified: true, passwordHash: 'aGFzaA==', salt: 'c2FsdA==' },
      ...{ lastSignedInAt: '1', createdAt: '1486324800000', disabled: true, providerUserInfo: [] },
    };
    const expected = {
      fields: {
        ...{ external_id: 'f1', email: 'a@b.example', hash, status: 'disabled' },
        createdAt: '2017-02-05T20:00:00.000Z',
      },
      isUnverified: false,
    };
    expect(await translated(JSON.stringify({ users: [user] }, null, 2), product)).toEqual([expected]);
    const columns = Array.from({ length: 28 }, () => '');
    for (const [index, value] of [user.localId, user.email, 'true', user.passwordHash, user.salt].entries()) {
      columns[index] = value;
    }
    [columns[23], columns[26], columns[27]] = [user.createdAt, 'true', '"{""admin"":true}"'];
    expect(await translated(`${columns.join(',')},\n`, product)).toEqual([expected]);
    const { refused } = productOf('firebase').translate(user) as { refused: string };
    expect(refused).toContain('--firebase-parameters');
  });

  it.each([
    ['pbkdf2', { hashIterations: 20_000 }, '$pbkdf2-sha1$i=20000,l=4$c2FsdA$aGFzaA'],
    ['pbkdf2-sha256', { hashIterations: 27_500 }, '$pbkdf2-sha256$i=27500,l=4$c2FsdA$aGFzaA'],
    ['pbkdf2-sha512', { hashIterations: 210_000 }, '$pbkdf2-sha512$i=210000,l=4$c2FsdA$aGFzaA'],
    [
      'argon2',
      {
        hashIterations: 5,
        additionalParameters: {
          hashLength: ['32'],
          memory: ['7168'],
          type: ['id'],
          version: ['1.3'],
          parallelism: ['1'],
        },
      },
      '$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA',
    ],
  ])('Keycloak: %s', async (algorithm, data, hash) => {
    const password = {
      type: 'password',
      secretData: JSON.stringify({ value: 'aGFzaA==', salt: 'c2FsdA==', additionalParameters: {} }),
      credentialData: JSON.stringify({ algorithm, additionalParameters: {}, ...data }),
    };
    const user = { id: 'k1', createdTimestamp: 1486324800000, username: 'a', enabled: true, emailVerified: true };
    const more = { email: 'a@b.example', attributes: { locale: ['de'] }, credentials: [{ type: 'otp' }, password] };
    const realm = {
      id: 'r',
      realm: 'shop',
      users: [
        { ...user, ...more },
        { username: 'svc', serviceAccountClientId: 'c', createdTimestamp: 1 },
      ],
    };
    const fields = { external_id: 'k1', email: 'a@b.example', hash, locale: 'de', status: 'active' };
    expect(await translated(JSON.stringify(realm), productOf('keycloak'))).toMatchObject([
      { fields: { ...fields, createdAt: '2017-02-05T20:00:00.000Z' }, isUnverified: false },
      { skipped: 'is a service account' },
    ]);
  });

  it('Cognito: accounts that begin with a recovery', async () => {
    expect(await translated(samples.cognito, productOf('cognito'))).toEqual([
      {
        fields: { external_id: 'ann', email: 'a@b.example', hash: null, locale: null, status: 'active' },
        isUnverified: false,
      },
    ]);
  });

  it('Supabase: rows as CSV or JSON, without the deleted', async () => {
    const id = '6f1d2c4e-0000-4000-8000-000000000001';
    const row = {
      id,
      email: 'a@b.example',
      encrypted_password: bcrypt,
      email_confirmed_at: '2024-01-01 00:00:00.5+00',
    };
    const rows = [
      { ...row, created_at: '2024-01-01 02:00:00.5+02' },
      { ...row, banned_until: '2999-01-01T00:00:00Z', email_confirmed_at: null },
      { ...row, banned_until: '2020-01-01T00:00:00Z' },
      { ...row, deleted_at: '2020-01-01T00:00:00Z' },
      { ...row, email: null },
    ];
    expect(await translated(lines(...rows), productOf('supabase'))).toMatchObject([
      { fields: { id, hash: bcrypt, status: 'active', createdAt: '2024-01-01T00:00:00.500Z' }, isUnverified: false },
      { fields: { status: 'disabled' }, isUnverified: true },
      { fields: { status: 'active' } },
      { skipped: 'was deleted' },
      { skipped: 'has no e-mail address' },
    ]);
    expect(await translated(samples.supabase, productOf('supabase'))).toMatchObject([{ fields: { hash: bcrypt } }]);
  });
});

describe('an export of another product than said', () => {
  const pairs = productNames.flatMap((is) => [undefined, ...productNames].map((said) => [is, said] as const));

  it.each(pairs.filter(([is, said]) => is !== said))('is refused by its name: %s read as %s', async (is, said) => {
    const product = said && productOf(said);
    const reading = async () => {
      const { all } = await openRecords(Readable.from([Buffer.from(samples[is])]), product);
      for await (const { fields } of all) if (fields) expectProduct(fields, product);
    };
    await expect(reading()).rejects.toThrow(
      new RegExp(`^the file is an export of ${productOf(is).title}; --from ${is}`),
    );
  });
});

describe('a password of an address that nobody has confirmed', () => {
  const product = productOf('auth0');
  const user = { user_id: 'x', email: 'a@b.example', email_verified: false, passwordHash: bcrypt };

  it('is left out, so that only the mailbox opens the account', () => {
    const read = (keepUnverified: boolean) => readEntry(user, { product, keepUnverified });
    expect(read(false)).toMatchObject({ entry: { hash: null }, isUnverified: true });
    expect(read(true)).toMatchObject({ entry: { hash: bcrypt } });
    expect(readEntry({ ...user, email_verified: true }, { product })).toMatchObject({ entry: { hash: bcrypt } });
  });
});

it('parameters of Firebase are read as the console shows them, or as JSON, and missed by name', () => {
  const expected = { signerKey, saltSeparator: 'Bw==', rounds: 8, memCost: 14 };
  expect(parseFirebaseParameters(config)).toEqual(expected);
  const json = { base64_signer_key: signerKey, base64_salt_separator: 'Bw==', rounds: 8, mem_cost: 14 };
  expect(parseFirebaseParameters(JSON.stringify(json))).toEqual(expected);
  expect(() => parseFirebaseParameters(config.replace('rounds: 8', 'rounds: x'))).toThrow(/rounds is missing/);
});
