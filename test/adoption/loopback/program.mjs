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
    const repository = await app.getRepository(jwt.UserRepository);
    const hashOf = oncePerPassword(async (password) => hash(password, await genSalt()));
    const addresses = [];
    for (const { address, password } of users) {
      const user = await repository.create({ email: address });
      await repository.userCredentials(user.id).create({ password: await hashOf(password) });
      addresses.push(user.email);
    }
    return addresses;
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
