// Better Auth with its own hashing, scrypt; and with the verifier that its guide on e-mail and password documents, for
// argon2id hashes.
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { betterAuth } from 'better-auth';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { getMigrations } from 'better-auth/db/migration';
import pg from 'pg';
import { answer, oncePerPassword } from '../answer.mjs';

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const verifyBoth = ({ hash, password }) =>
  hash.startsWith('$argon2') ? verifyArgon2(hash, password) : verifyPassword({ hash, password });

function authWith(emailAndPassword) {
  return betterAuth({
    baseURL: 'https://shop.example',
    secret: 'only for a database that is dropped after the test',
    database,
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true, ...emailAndPassword },
  });
}
const auth = authWith({});
const readingArgon2 = authWith({ password: { hash: hashPassword, verify: verifyBoth } });

const hashOfAddress = 'select password from account join "user" on "user".id = "userId" where email = lower($1)';

await answer({
  schema: async () => (await getMigrations(auth.options)).runMigrations(),
  async users({ users }) {
    const { internalAdapter } = await auth.$context;
    const hashOf = oncePerPassword(hashPassword);
    const addresses = [];
    for (const { address, password } of users) {
      const user = await internalAdapter.createUser({ email: address, name: 'Owner', emailVerified: true });
      const login = { userId: user.id, providerId: 'credential', accountId: user.id };
      await internalAdapter.linkAccount({ ...login, password: await hashOf(password) });
      addresses.push(user.email);
    }
    return addresses;
  },
  async verify({ address, password }) {
    try {
      const { rows } = await database.query(hashOfAddress, [address]);
      const by = rows[0]?.password.startsWith('$argon2') ? readingArgon2 : auth;
      await by.api.signInEmail({ body: { email: address, password } });
      return true;
    } catch (error) {
      if (error.statusCode === 401) return false;
      throw error;
    }
  },
});
