import type { FastifyInstance } from 'fastify';
import { AccountsResolver } from './accounts/accounts.resolver.js';
import { createApollo } from './graphql/apollo.js';
import { buildSchema, type Resolvers } from './graphql/build-schema.js';
import { healthRoutes } from './http/operations.js';
import { createServer } from './http/server.js';
import { PasswordResetResolver } from './password-reset/password-reset.resolver.js';
import { resetPageRoutes } from './password-reset/reset-page.routes.js';
import type { Services } from './services.js';
import type { Settings } from './settings.js';

export interface Api {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /** Answers what is under way, then ends. Takes no new connection from the first moment. */
  readonly close: () => Promise<void>;
}

export function createResolvers(services: Services): Resolvers {
  return [new AccountsResolver(services), new PasswordResetResolver(services.passwordReset)];
}

/**
 * The HTTP process. Starts degraded while stores are down and says so at `/readyz`.
 *
 * @param addRoutes further routes, for the development server.
 */
export async function startApi(
  settings: Settings,
  services: Services,
  addRoutes: (app: FastifyInstance) => Promise<void> = async () => undefined,
): Promise<Api> {
  const { log, metrics } = services;
  const schema = buildSchema(createResolvers(services), (field, result) => metrics.operation(field, result));
  const apollo = createApollo(schema, settings.graphql, log);
  await apollo.start();
  const app = await createServer(
    { ...settings.http, production: settings.production, sandbox: settings.graphql.sandbox },
    apollo,
    log,
    metrics,
  );
  healthRoutes(app, services.health);
  app.get('/.well-known/jwks.json', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send(await services.accessTokens.keySet()),
  );
  await resetPageRoutes(app, { ...settings.passwordReset, productName: settings.mail.productName });
  await app.register(async (scope) => addRoutes(scope));

  void services.jobs.start();
  await services.passwordHash.warmUp();
  const url = await app.listen({ host: settings.http.host, port: settings.http.port });
  log.info({ url }, 'the API listens');
  return {
    url,
    close: async () => {
      await app.close();
      await apollo.stop();
    },
  };
}
