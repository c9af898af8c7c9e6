// LoopBack 4 with its extension for JWT: models, repositories and the service that verifies are the extension's.
import { createRequire } from 'node:module';
import { answer, oncePerPassword } from '../answer.mjs';

// Decorated classes of CommonJS packages.
const require = createRequire(import.meta.url);
const jwt = require('@loopback/authentication-jwt');
const { BootMixin } = require('@loopback/boot');
const { RepositoryMixin, juggler } = require('@loopback/repository');
const { RestApplication } = require('@loopback/rest');
const { genSalt, hash } = require('bcryptjs');

class App extends BootMixin(RepositoryMixin(RestApplication)) {}

const app = new App({ rest: { port: 0, host: '127.0.0.1' } });
const source = new juggler.DataSource({ name: 'db', connector: 'postgresql', url: process.env.DATABASE_URL });
app.component(jwt.JWTAuthenticationComponent);
app.dataSource(source, jwt.UserServiceBindings.DATASOURCE_NAME);
app.repository(jwt.UserRepository);
app.repository(jwt.UserCredentialsRepository);

await answer({
  schema: () => app.migrateSchema(),
  async users({ users }) {
    const hashOf = oncePerPassword(async (password) => hash(password, await genSalt()));
    const rows = await (await app.getRepository(jwt.UserRepository)).createAll(
      users.map(({ address }) => ({ email: address })),
    );
    const credentials = [];
    for (const [at, { password }] of users.entries()) {
      credentials.push({ userId: rows[at].id, password: await hashOf(password) });
    }
    await (await app.getRepository(jwt.UserCredentialsRepository)).createAll(credentials);
    return rows.map(({ email }) => email);
  },
  async verify({ address, password }) {
    try {
      const service = await app.get(jwt.UserServiceBindings.USER_SERVICE);
      await service.verifyCredentials({ email: address, password });
      return true;
    } catch (error) {
      if (error.statusCode === 401) return false;
      throw error;
    }
  },
});
