// Vendure from the installation of ../../attacks/peers/vendure. Its own server, so that sign-in is its own, over HTTP.
import { createRequire } from 'node:module';
import { answer, oncePerPassword } from '../answer.mjs';

// It tells nobody that it ran, and keeps no number of this installation.
process.env.VENDURE_DISABLE_TELEMETRY = 'true';
const require = createRequire(new URL('../../attacks/peers/vendure/package.json', import.meta.url));
const core = require('@vendure/core');
const { Customer, NativeAuthenticationMethod, RoleService, TransactionalConnection, User } = core;

const config = {
  apiOptions: { hostname: '127.0.0.1', port: 0 },
  authOptions: {
    tokenMethod: 'bearer',
    superadminCredentials: { identifier: 'superadmin', password: 'only of a database that is dropped' },
    cookieOptions: { secret: 'only of a database that is dropped' },
  },
  dbConnectionOptions: { type: 'postgres', url: process.env.DATABASE_URL, synchronize: true, logging: false },
  logger: new core.DefaultLogger({ level: core.LogLevel.Error }),
  paymentOptions: { paymentMethodHandlers: [] },
  plugins: [],
};

let app;
const signIn = `mutation($address: String!, $password: String!) {
  login(username: $address, password: $password) { __typename ... on ErrorResult { errorCode } } }`;

await answer({
  async schema() {
    app = await core.bootstrap(config);
  },
  async users({ users }) {
    const ctx = await app.get(core.RequestContextService).create({ apiType: 'admin' });
    const role = await app.get(RoleService).getCustomerRole(ctx);
    const { rawConnection } = app.get(TransactionalConnection);
    const hashOf = oncePerPassword((password) => app.get(core.PasswordCipher).hash(password));
    const added = (entity, all) => rawConnection.getRepository(entity).save(all, { chunk: 50 });
    const rows = users.map(({ address }) => {
      return new User({ identifier: core.normalizeEmailAddress(address), verified: true, roles: [role] });
    });
    const methods = [];
    for (const [at, { password }] of users.entries()) {
      const { identifier } = rows[at];
      methods.push(
        new NativeAuthenticationMethod({ identifier, passwordHash: await hashOf(password), user: rows[at] }),
      );
    }
    const customers = rows.map((user) => {
      return new Customer({ firstName: 'Given', lastName: 'Name', emailAddress: user.identifier, user });
    });
    await added(User, rows);
    await added(NativeAuthenticationMethod, methods);
    await added(Customer, customers);
    return rows.map(({ identifier }) => identifier);
  },
  async verify({ address, password }) {
    const response = await fetch(`${await app.getUrl()}/shop-api`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: signIn, variables: { address, password } }),
    });
    const { data, errors } = await response.json();
    if (data?.login.__typename === 'CurrentUser') return true;
    if (data?.login.errorCode === 'INVALID_CREDENTIALS_ERROR') return false;
    throw new Error(JSON.stringify(errors ?? data));
  },
});
