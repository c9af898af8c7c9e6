import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { bearerToken, type GraphqlContext } from '../graphql/context.js';
import type { Log } from '../log.js';
import { clientNames } from './client-ip.js';
import { sandboxSecurityPolicy, securityHeaders } from './security-headers.js';

export interface ServerSettings {
  readonly production: boolean;
  readonly trustProxy: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly sandbox: boolean;
}

/** Bytes. The largest honest request of ours is below 2 KiB. */
const bodyLimit = 16 * 1024;
/** Milliseconds. Slow clients are cut off. */
const timeouts = { headers: 10_000, request: 15_000, keepAlive: 65_000, handler: 30_000 };

/** The HTTP server of the API: GraphQL at `/graphql`, and the routes that features add. */
export async function createServer(
  settings: ServerSettings,
  apollo: ApolloServer<GraphqlContext>,
  log: Log,
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit,
    requestTimeout: timeouts.request,
    connectionTimeout: timeouts.handler,
    keepAliveTimeout: timeouts.keepAlive,
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    genReqId: () => randomUUID(),
    logger: false,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    http: { headersTimeout: timeouts.headers },
    routerOptions: { maxParamLength: 100 },
  });
  const headers = securityHeaders(settings.production);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers).header('x-request-id', request.id);
    if (!/^[a-zA-Z0-9.-]{1,253}$|^\[[0-9a-fA-F:.]{2,45}\]$/.test(request.hostname)) {
      return refuse(reply, 400, 'BAD_REQUEST', 'The Host header is not a host name.');
    }
    if (request.headers['content-encoding'] !== undefined) {
      return refuse(reply, 415, 'BAD_REQUEST', 'Compressed bodies are not read.');
    }
    return undefined;
  });
  app.addHook('onResponse', async (request, reply) => {
    const { id: requestId, method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    log.info(
      {
        requestId,
        method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        client: clientNames(request.ip).client,
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

  await app.register(cors, {
    origin: settings.corsOrigins.length > 0 ? [...settings.corsOrigins] : false,
    methods: ['POST'],
    allowedHeaders: ['content-type', 'authorization', 'apollo-require-preflight'],
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  });

  const handler = fastifyApolloHandler(apollo, { context: contextOf });
  app.route({ method: 'POST', url: '/graphql', handler });
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    handler(request, reply) {
      const wantsPage =
        settings.sandbox &&
        request.method === 'GET' &&
        request.headers.accept?.includes('text/html') &&
        !request.url.includes('?');
      if (!wantsPage)
        return refuse(
          reply.header('allow', 'POST'),
          405,
          'BAD_REQUEST',
          'Send POST with content-type application/json.',
        );
      reply.header('content-security-policy', sandboxSecurityPolicy).removeHeader('cross-origin-opener-policy');
      return handler.call(app, request, reply);
    },
  });
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
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer);
    } catch {
      done(Object.assign(new Error('not UTF-8'), { statusCode: 400 }));
      return;
    }
    parse(request, text, done);
  });
}

async function contextOf(request: FastifyRequest): Promise<GraphqlContext> {
  return {
    caller: { ...clientNames(request.ip), requestId: request.id },
    accessToken: bearerToken(request.headers.authorization),
  };
}

/** The shape of a GraphQL answer also where GraphQL was not reached, so that clients need one way to read failures. */
function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send({ errors: [{ message, extensions: { code, requestId: reply.request.id } }] });
}
