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
import type { ForPeople } from './page-for-people.js';
import { refuse, refuseOnSocket } from './refusal.js';
import { securityHeaders } from './security-headers.js';
import { TrustedHops } from './trusted-hops.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The address of the caller, behind the trusted proxies. */
    callerAddress: string;
  }
}

export interface ServerSettings {
  readonly production: boolean;
  readonly trustProxy: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly sandbox: boolean;
  /** GraphQL calls at the same time; further ones are answered with 503. */
  readonly callsAtWork: number;
  /** Lets a feature correct path and query before routing, because link checkers change its links. */
  readonly respell?: (target: string) => string;
  /** What pages for people, about a failure for instance, are made with. */
  readonly forPeople?: ForPeople;
}

/** Bytes. The largest legitimate request is below 2 KiB. */
const bodyLimit = 16 * 1024;
/** Milliseconds. Slow clients are cut off; Node looks for them every `check` milliseconds. */
export const serverTimeouts = {
  headers: 10_000,
  request: 15_000,
  keepAlive: 65_000,
  handler: 30_000,
  check: 2_000,
  // Fastify's default for closing is 10 s; the process would end before its last calls are answered.
  closing: 60_000,
};

/**
 * Makes the HTTP server of the API: GraphQL at `/graphql`, and the routes that features add. It does not listen yet.
 */
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
    // X-Forwarded-For is read below, because it may contain ports; other headers of proxies are never believed.
    trustProxy: false,
    rewriteUrl: ({ url = '' }) => respell(originForm(url)),
    genReqId: () => randomUUID(),
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A missing Host is refused below with our security headers; Node's own refusal would have none.
    http: { headersTimeout: timeouts.headers, connectionsCheckingInterval: timeouts.check, requireHostHeader: false },
    routerOptions: { maxParamLength: 100 },
    // A path that cannot be decoded reaches no hook, and fastify's own answer would repeat it.
    frameworkErrors: (_error, request, reply) =>
      void refuse(
        reply.headers(headers).header('x-request-id', request.id),
        400,
        'BAD_REQUEST',
        'The request cannot be read.',
      ),
    clientErrorHandler: (error, socket) => {
      if (connections.isAnswered(socket)) socket.destroy(error);
      else refuseOnSocket(error, socket, headers, settings.forPeople);
    },
  });

  const hops = new TrustedHops(settings.trustProxy);
  const connections = trackOpenRequests(app.server, hops);
  limitConnections(connections, { log, metrics });
  endConnectionsOnClose(app, connections, settings.production ? draining : undefined);
  app.decorateRequest('callerAddress', '');
  app.decorate('forPeople', settings.forPeople);
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
  app.addHook('onRequest', async ({ headers: { origin } }, reply) => {
    // Of use to pages of other origins only, and each answer of the hosted page counts its bytes.
    if (origin === undefined) reply.removeHeader('access-control-expose-headers');
  });

  graphqlRoutes(app, apollo, settings);
  return app;
}

const clientMessages: Record<number, string> = {
  413: `The body is larger than ${bodyLimit} bytes.`,
  415: 'Send content-type application/json, in UTF-8.',
};

/** Accepts JSON in UTF-8 only: a lenient decoder would replace invalid bytes, and so change a password. */
function readOnlyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  const types = /^application\/(?:json|graphql-response\+json)\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;
  app.addContentTypeParser(types, { parseAs: 'buffer' }, (request, body, done) => {
    // Fastify drops what it cannot read from the header before it matches it (`application/json;text/plain`).
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

/** Raises an alarm once: behind a proxy that is not trusted all people count as one client and share its limits. */
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
