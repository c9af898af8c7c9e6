import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import cors from '@fastify/cors';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import type { GraphqlContext } from '../calls/context.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { clientNames } from './client-ip.js';
import { limitConnections } from './connections/connection-limit.js';
import { draining, endConnectionsOnClose } from './connections/graceful-close.js';
import { trackOpenRequests } from './connections/open-requests.js';
import { crossOrigin } from './cross-origin.js';
import { graphqlRoutes } from './graphql-routes.js';
import { namesOneHost, originForm } from './host-header.js';
import { refuse, refuseOnSocket } from './refusal.js';
import { securityHeaders } from './security-headers.js';
import { TrustedHops } from './trusted-hops.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The address of who calls, past the proxies that are trusted. */
    callerAddress: string;
  }
}

export interface ServerSettings {
  readonly production: boolean;
  readonly trustProxy: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly sandbox: boolean;
  /** GraphQL calls at the same time; more are told to come again. */
  readonly callsAtWork: number;
  /** What a feature makes of path and query before they are looked up, for what others have made of its links. */
  readonly respell?: (target: string) => string;
  /** URL for people to whom a page says that something went wrong. */
  readonly startOver?: string;
}

/** Bytes. The largest honest request of ours is below 2 KiB. */
const bodyLimit = 16 * 1024;
/** Milliseconds. Slow clients are cut off, `check` milliseconds late at most. */
export const serverTimeouts = {
  headers: 10_000,
  request: 15_000,
  keepAlive: 65_000,
  handler: 30_000,
  check: 2_000,
  // Fastify's default gives closing 10 s, and the process would end in the middle of its last calls.
  closing: 60_000,
};

/** The HTTP server of the API: GraphQL at `/graphql`, and the routes that features add. */
export async function createServer(
  settings: ServerSettings,
  apollo: ApolloServer<GraphqlContext>,
  log: Log,
  metrics: Metrics,
  timeouts: typeof serverTimeouts = serverTimeouts,
): Promise<FastifyInstance> {
  const headers = securityHeaders(settings.production);
  const { respell = (target) => target } = settings;
  const app = fastify({
    bodyLimit,
    requestTimeout: timeouts.request,
    connectionTimeout: timeouts.handler,
    keepAliveTimeout: timeouts.keepAlive,
    pluginTimeout: timeouts.closing,
    // X-Forwarded-For is read below, ports and all; the other headers of proxies are never believed.
    trustProxy: false,
    rewriteUrl: ({ url = '' }) => respell(originForm(url)),
    genReqId: () => randomUUID(),
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A missing Host is refused below, with our headers; Node's own refusal has none.
    http: { headersTimeout: timeouts.headers, connectionsCheckingInterval: timeouts.check, requireHostHeader: false },
    routerOptions: { maxParamLength: 100 },
    // A path that cannot be decoded reaches no hook, and fastify's own answer repeats it.
    frameworkErrors: (_error, request, reply) =>
      void refuse(
        reply.headers(headers).header('x-request-id', request.id),
        400,
        'BAD_REQUEST',
        'The request cannot be read.',
      ),
    clientErrorHandler: (error, socket) => refuseOnSocket(error, socket, headers),
  });

  const hops = new TrustedHops(settings.trustProxy);
  const connections = trackOpenRequests(app.server, hops);
  limitConnections(connections, { log, metrics });
  endConnectionsOnClose(app, connections, settings.production ? draining : undefined);
  app.decorateRequest('callerAddress', '');
  app.decorate('startOver', settings.startOver);
  app.addHook('onRequest', async (request, reply) => {
    const { remoteAddress = '' } = request.raw.socket;
    request.callerAddress = hops.callerOf(remoteAddress, request.headers['x-forwarded-for'] as string | undefined);
    reply.headers(headers).header('x-request-id', request.id);
    if (!namesOneHost(request.raw.rawHeaders, request.originalUrl)) {
      return refuse(reply, 400, 'BAD_REQUEST', 'One Host header is needed, with a host name.');
    }
    if (request.headers['content-encoding'] !== undefined) {
      return refuse(reply, 415, 'BAD_REQUEST', 'Compressed bodies are not read.');
    }
    return undefined;
  });
  if (settings.production && settings.trustProxy.length === 0) watchForProxies(app, log, metrics);
  app.addHook('onResponse', async (request, reply) => {
    const { id: requestId, method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    metrics.request(route, method, reply.statusCode, reply.elapsedTime / 1000);
    log.info(
      {
        requestId,
        method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        client: clientNames(request.callerAddress).client,
      },
      'request',
    );
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const status = error.statusCode && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500;
    if (status === 500)
      log.error({ requestId: request.id, fault: { name: error.name, code: error.code } }, 'a request failed');
    const message =
      clientMessages[status] ?? (status === 500 ? 'Internal server error' : 'The request cannot be read.');
    return refuse(reply, status, status === 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST', message);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'BAD_REQUEST', 'There is nothing here.'));
  readOnlyJson(app);

  await app.register(cors, crossOrigin(settings.corsOrigins, settings.production));

  graphqlRoutes(app, apollo, settings);
  return app;
}

const clientMessages: Record<number, string> = {
  413: `The body is larger than ${bodyLimit} bytes.`,
  415: 'Send content-type application/json, in UTF-8.',
};

/** Bodies are JSON in UTF-8 and nothing else: bytes that are not UTF-8 would be mended into another password. */
function readOnlyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  const types = /^application\/(?:json|graphql-response\+json)\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;
  app.addContentTypeParser(types, { parseAs: 'buffer' }, (request, body, done) => {
    // Fastify matches what it made of the header, and drops from it what it cannot read (`application/json;text/plain`).
    if (!types.test(request.headers['content-type'] ?? '')) {
      done(Object.assign(new Error('not JSON'), { statusCode: 415 }));
      return;
    }
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body as Buffer);
    } catch {
      done(Object.assign(new Error('not UTF-8'), { statusCode: 400 }));
      return;
    }
    parse(request, text, done);
  });
}

/** Behind a proxy that is not trusted all people are one client, and one of them can use up the limits of all. */
function watchForProxies(app: FastifyInstance, log: Log, metrics: Metrics): void {
  let isTold = false;
  app.addHook('onRequest', async (request) => {
    if (isTold || request.headers['x-forwarded-for'] === undefined) return;
    isTold = true;
    metrics.alarm('untrusted-proxy');
    log.error(
      { reason: 'untrusted-proxy', client: clientNames(request.callerAddress).client },
      'ALARM: X-Forwarded-For comes from an address that TRUST_PROXY does not name, so all people behind it count as one',
    );
  });
}
