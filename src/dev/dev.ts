import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { type Api, startApi } from '../api.js';
import { startOperations } from '../http/operations.js';
import { createLog } from '../observability/log.js';
import { migrateUp } from '../services/migrate.js';
import { createServices, type Services } from '../services/services.js';
import { type Environment } from '../settings/environment.js';
import { readSettings, withSecretFiles } from '../settings/settings.js';
import { isHostFault } from '../settings/values.js';
import { startWorker } from '../worker.js';
import { DevFolder } from './dev-folder.js';
import { refuseForeignDatabase, refuseProduction } from './developers-machine.js';
import { startEmbeddedRedis } from './embedded-redis.js';
import { explorerPages } from './explorer.js';
import { firstAddress, makeFirstAccount } from './first-account.js';
import { homePage } from './home-page.js';
import { Inbox } from './inbox/inbox.js';
import { inboxPages } from './inbox/pages.js';
import { startEmbeddedPostgres } from './postgres/embedded-postgres.js';
import { Terminal } from './terminal.js';

export interface Dev {
  readonly api: Api;
  readonly services: Services;
  readonly close: () => Promise<void>;
}

/** The settings whose value is made here, or whose server is started here, if they are not set. */
const embedded = ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'SECRET', 'ACCESS_TOKEN_SIGNING_KEY'] as const;

/**
 * Starts everything in one process: API, worker, and an embedded PostgreSQL, Redis and inbox. Each of `DATABASE_URL`,
 * `REDIS_URL` and `SMTP_URL`, if set, replaces its embedded part.
 *
 * @param print writes text for the person at the terminal.
 * @param isColoured whether that terminal shows colours.
 * @param isConfirmed whether that person confirmed that a database on another machine is not a production database
 * @throws Error if NODE_ENV is production, a database is on another machine, the folder is in use, a port is taken or a
 * part does not start; SettingsError if settings are wrong. Parts that were started are stopped first.
 */
export async function startDev(
  given: Environment,
  print: (line: string) => void,
  { isConfirmed = false, isColoured = false }: { readonly isConfirmed?: boolean; readonly isColoured?: boolean } = {},
): Promise<Dev> {
  refuseProduction(given.NODE_ENV);
  const { environment } = withSecretFiles(given);
  const isUnset = (name: string) => (environment[name] ?? '') === '';
  const stops: (() => Promise<void>)[] = [];
  /** Stops the parts in reverse order of their start; a failure does not keep the others from being stopped. */
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined);
  };
  try {
    // Wrong settings and taken ports are reported before anything is started. The folder is checked before the port:
    // when `npm start` runs already, the port is taken too, and the advice to choose another port would not help.
    const early = readSettings(given, 'dev', embedded);
    if (!isConfirmed) refuseForeignDatabase([early.database.url, environment.DATABASE_DIRECT_URL ?? '']);
    const folder = await DevFolder.open(resolve('.latchkey'));
    stops.push(() => folder.close());
    const found: Record<string, string> = {};
    // The port is chosen now, because links and the issuer of tokens contain it.
    found.PORT = String(await freePort(early.http.port, early.http.host, 'PORT'));
    if (early.operations.port > 0) await freePort(early.operations.port, early.operations.host, 'OPS_PORT');

    const { secret, signingKey } = await folder.secrets();
    if (isUnset('SECRET')) found.SECRET = secret;
    if (isUnset('ACCESS_TOKEN_SIGNING_KEY')) found.ACCESS_TOKEN_SIGNING_KEY = signingKey;

    const [postgres, redis, inbox] = await allOrNone([
      isUnset('DATABASE_URL') ? startEmbeddedPostgres({ folder: join(folder.path, 'postgres') }) : undefined,
      isUnset('REDIS_URL') ? startEmbeddedRedis({ folder: join(folder.path, 'redis') }) : undefined,
      isUnset('SMTP_URL') ? Inbox.start({ folder: join(folder.path, 'inbox') }) : undefined,
    ]);
    for (const part of [postgres, redis, inbox]) if (part) stops.push(() => part.stop());
    if (postgres) found.DATABASE_URL = postgres.url;
    if (redis) found.REDIS_URL = redis.url ?? 'redis://stand-in.invalid';
    if (inbox) found.SMTP_URL = inbox.smtpUrl;

    const settings = readSettings({ ...environment, ...found }, 'dev');
    // If the folder was deleted, its SECRET is gone, but a database of DATABASE_URL keeps a data key encrypted under
    // it.
    const care = { secrets: settings.secrets, replaceUnreadable: !settings.production };
    await migrateUp(settings.database.url, care, settings.database.schemas);
    const connectRedis = redis?.connect;
    const terminal = new Terminal(print, isColoured);
    const services = createServices(settings, {
      log: () => createLog(settings.log.level, settings.command, terminal.log),
      ...(connectRedis ? { redis: () => connectRedis() } : {}),
    });
    stops.push(() => services.close());
    const worker = await startWorker(services);
    stops.push(() => worker.close());
    const { publicUrl, port } = settings.http;
    const inboxUrl = `http://localhost:${port}/inbox`;
    if (inbox) inbox.onMail = (mail) => terminal.received(mail, `${inboxUrl}/${mail.id}`);
    const explorer = await explorerPages();
    const home = homePage({
      hasExplorer: explorer !== undefined,
      hasInbox: inbox !== undefined,
      productName: settings.mail.productName,
    });
    const api = await startApi(settings, services, {
      onResult: (field, result) => terminal.called(field, result),
      addRoutes: async (app) => {
        await app.register(home);
        if (explorer) await app.register(explorer);
        if (inbox) await app.register(inboxPages(inbox));
      },
    });
    stops.push(() => api.close());
    const operations = await startOperations(settings.operations, services.health, services);
    if (operations) stops.push(() => operations.close());
    await services.jobs.start();

    const password = postgres ? await makeFirstAccount(services) : undefined;
    const account =
      password === undefined ? '' : `\n  Account         ${firstAddress}, password ${password} (told once)\n`;
    print(`Latchkey runs.

  Start here      ${publicUrl}/
  Reset page      ${publicUrl}/reset-password
  Apollo Sandbox  ${publicUrl}/graphql
${explorer ? `  Explorer        ${publicUrl}/explorer/ (without the internet)\n` : ''}  Inbox           ${inbox ? inboxUrl : 'SMTP_URL is set: mails leave this machine'}
${account}
  PostgreSQL      ${postgres?.description ?? 'as DATABASE_URL says'}
  Redis           ${redis?.description ?? 'as REDIS_URL says'}

Ctrl-C ends everything.`);
    return { api, services, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for all parts to start. @throws the first failure, after the parts that started were stopped. */
async function allOrNone<Parts extends readonly (Promise<{ stop(): Promise<void> }> | undefined)[]>(
  starting: readonly [...Parts],
): Promise<{ [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  const results: PromiseSettledResult<{ stop(): Promise<void> } | undefined>[] = await Promise.allSettled(starting);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    for (const result of results) if (result.status === 'fulfilled') await result.value?.stop().catch(() => undefined);
    throw failed.reason;
  }
  return results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)) as never;
}

/**
 * @returns the port, or a free one if it is 0.
 *
 * @throws Error that names the setting, if the port or host cannot be used.
 */
async function freePort(port: number, host: string, setting: string): Promise<number> {
  const probe = createServer();
  return new Promise((free, taken) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (isHostFault(error)) {
        const name = setting.replace('PORT', 'HOST');
        taken(
          new Error(
            `${name} is ${JSON.stringify(host)}, which is no address of this machine (${error.code}): unset it`,
          ),
        );
        return;
      }
      const why = error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be listened on (${error.code})`;
      taken(
        new Error(
          `port ${port} on ${host} ${why}; stop that program, or choose another port: ${setting}=${port + 1} npm start`,
        ),
      );
    });
    probe.listen(port, host, () => {
      const { port: found } = probe.address() as AddressInfo;
      probe.close(() => free(found));
    });
  });
}
