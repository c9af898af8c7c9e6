import type { FastifyInstance } from 'fastify';
import { AccountsResolver } from './accounts/accounts.resolver.js';
import { createApollo } from './graphql/apollo.js';
import { buildSchema, type Resolvers } from './graphql/build-schema.js';
import { loopback } from './http/loopback.js';
import { healthRoutes } from './http/operations.js';
import { createServer } from './http/server.js';
import { pageTarget } from './password-reset/page-address.js';
import { pathOf, readPageFiles } from './password-reset/page-files.routes.js';
import { PasswordResetResolver } from './password-reset/password-reset.resolver.js';
import { resetPageRoutes, rootPage } from './password-reset/reset-page.routes.js';
import type { Services } from './services/services.js';
import { pageLogo } from './settings/brand.js';
import type { Settings } from './settings/settings.js';
import { SignUpConfirmationResolver } from './sign-up-confirmation/sign-up-confirmation.resolver.js';

export interface Api {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /** Stops taking calls (in production after a drain of 1 to 20 s), answers those that are running, then resolves. */
  readonly close: () => Promise<void>;
}

/** What `latchkey dev` adds: pages of its own, and a view of each call. */
export interface ForDevelopers {
  readonly addRoutes?: (app: FastifyInstance) => Promise<void>;
  readonly onResult?: (field: string, result: string) => void;
}

/**
 * Calls at the same time beside those that hash: with the measured maximum of 2,500 calls a second, each may take 200
 * ms.
 */
const otherCalls = 512;

/**
 * Connections that may wait to be accepted; Linux reduces it to `net.core.somaxconn`. A client whose connection finds
 * no room hears nothing for seconds (measured with Node's 511 at 2,000 calls a second: 1 % of the refusals took 7 s).
 */
const backlog = 4_096;

export function createResolvers(services: Services): Resolvers {
  return [
    new AccountsResolver(services),
    new PasswordResetResolver(services.passwordReset),
    new SignUpConfirmationResolver(services.confirmSignUp),
  ];
}

/**
 * Starts the HTTP process. It also starts while a store is down, and `/readyz` says so.
 *
 * @param addRoutes further routes, for the development server; `onResult` is told each root field and its result.
 * @throws Error when the address or port cannot be listened on; SettingsError when the logo is not safe.
 */
export async function startApi(
  settings: Settings,
  services: Services,
  { addRoutes, onResult }: ForDevelopers = {},
): Promise<Api> {
  const { log, metrics } = services;
  const schema = buildSchema(createResolvers(services), (field, result) => {
    metrics.operation(field, result);
    onResult?.(field, result);
  });
  const apollo = createApollo(schema, settings.graphql, log);
  await apollo.start();
  const page = { ...settings.passwordReset, productName: settings.mail.productName };
  const { catalogues } = services.mailTemplates;
  const brand = { ...settings.brand, productName: page.productName };
  const pageFiles = await readPageFiles(brand, await pageLogo(settings.brand));
  const app = await createServer(
    {
      ...settings.http,
      production: settings.production,
      sandbox: settings.graphql.sandbox,
      respell: pageTarget,
      forPeople: {
        ...{ ...page, catalogues, startOver: page.pageUrl },
        ...{ styles: pathOf(pageFiles, 'css'), looks: pageFiles.looks },
      },
      // Twice the hash queue on top, so that calls waiting for a hash leave room for all others.
      callsAtWork: otherCalls + 2 * settings.accounts.hashQueue,
    },
    apollo,
    log,
    metrics,
  );
  healthRoutes(app, services.health);
  app.get('/.well-known/jwks.json', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send(await services.accessTokens.keySet()),
  );
  await resetPageRoutes(app, page, pageFiles, catalogues);
  if (addRoutes) await app.register(async (scope) => addRoutes(scope));
  rootPage(app);

  // Not before it is known that the queue is this installation's: a job in another's would be lost.
  void services.instance.known.then(() => services.jobs.start()).catch(() => undefined);
  await Promise.all([services.instance.start(), services.dataKey.start(), services.accountsCheck.start()]);
  await services.passwordHash.warmUp();
  const url = await app.listen({ host: loopback(settings.http.host), port: settings.http.port, backlog });
  log.info({ url }, 'the API listens');
  return {
    url,
    close: async () => {
      await app.close();
      await apollo.stop();
    },
  };
}
