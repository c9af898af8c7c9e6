// Better Auth with the verifier that its guide on e-mail and password documents: argon2id, and its own scrypt for old hashes.
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { betterAuth } from 'better-auth';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { getMigrations } from 'better-auth/db/migration';
import pg from 'pg';
import { answer, oncePerPassword } from '../answer.mjs';

const auth = betterAuth({
  baseURL: 'https://shop.example',
  secret: 'only for a database that is dropped after the test',
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 }),
  telemetry: { enabled: false },
  emailAndPassword: {
    enabled: true,
    password: {
      hash: hashPassword,
      verify: ({ hash, password }) =>
        hash.startsWith('$argon2') ? verifyArgon2(hash, password) : verifyPassword({ hash, password }),
    },
  },
});

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
      await auth.api.signInEmail({ body: { email: address, password } });
      return true;
    } catch (error) {
      if (error.statusCode === 401) return false;
      throw error;
    }
  },
});
