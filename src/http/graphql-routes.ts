import { Readable } from 'node:stream';
import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken, type GraphqlContext } from '../calls/context.js';
import { chooseAnswerType } from './answer-type.js';
import { browserOf } from './browser-family.js';
import { clientNames } from './client-ip.js';
import { CallLimit } from './connections/call-limit.js';
import { refuse } from './refusal.js';
import { sandboxSecurityPolicy } from './security-headers.js';

/** `POST /graphql`, and Apollo Sandbox as the page there if it is switched on. Every other method is refused. */
export function graphqlRoutes(
  app: FastifyInstance,
  apollo: ApolloServer<GraphqlContext>,
  { sandbox, callsAtWork }: { readonly sandbox: boolean; readonly callsAtWork: number },
): void {
  const limit = new CallLimit(callsAtWork);
  app.route({
    method: 'POST',
    url: '/graphql',
    handler(request, reply) {
      const type = chooseAnswerType(request.headers.accept);
      const caller = clientNames(request.callerAddress);
      if (type) return limit.run(caller, reply, () => answer(apollo, request, reply, type));
      return refuse(reply, 406, 'BAD_REQUEST', 'Accept application/graphql-response+json or application/json.');
    },
  });
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    handler(request, reply) {
      const { method, headers, url } = request;
      if (sandbox && method === 'GET' && headers.accept?.includes('text/html') && !url.includes('?')) {
        reply.header('content-security-policy', sandboxSecurityPolicy).removeHeader('cross-origin-opener-policy');
        return answer(apollo, request, reply, 'text/html');
      }
      const message = 'Send POST with content-type application/json.';
      return refuse(reply.header('allow', 'POST'), 405, 'BAD_REQUEST', message);
    },
  });
}

/**
 * Hands a request to Apollo Server without its URL and with only the headers that Apollo needs: a Host or a forwarded
 * scheme that makes no valid URL must not end in an internal error, and the query string is never read.
 */
async function answer(
  apollo: ApolloServer<GraphqlContext>,
  request: FastifyRequest,
  reply: FastifyReply,
  accept: string,
): Promise<FastifyReply> {
  const { method, body } = request;
  const headers = new HeaderMap([
    ['accept', accept],
    ['content-type', request.headers['content-type'] ?? ''],
  ]);
  const given = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers, body, search: '' },
    context: () => contextOf(request),
  });
  for (const [name, value] of given.headers) reply.header(name, value);
  reply.code(given.status ?? 200);
  return reply.send(given.body.kind === 'complete' ? given.body.string : Readable.from(given.body.asyncIterator));
}

async function contextOf(request: FastifyRequest): Promise<GraphqlContext> {
  return {
    caller: {
      ...clientNames(request.callerAddress),
      requestId: request.id,
      browser: browserOf(request.headers['user-agent']),
    },
    accessToken: bearerToken(request.headers.authorization),
  };
}
