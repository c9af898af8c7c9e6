import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sandboxFlow } from '../graphql/sandbox-flow.js';

/** Everything comes from here: it works without the internet. Its parts set styles and start workers of their own. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/**
 * Altair, an explorer of GraphQL APIs, at `/explorer/` with the flow of `sandboxFlow`: Apollo Sandbox comes from Apollo's
 * servers, and this one from the package.
 *
 * @returns undefined where the package is not installed, as in production.
 */
export async function explorerPages(): Promise<((app: FastifyInstance) => Promise<void>) | undefined> {
  const altair = await import('altair-static').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  });
  if (!altair) return undefined;
  const options = {
    baseURL: '/explorer/',
    endpointURL: '/graphql',
    initialQuery: sandboxFlow.document,
    initialVariables: JSON.stringify(sandboxFlow.variables, null, 2),
    // Its advertisements.
    initialSettings: { 'banners.disable': true },
    serveInitialOptionsInSeperateRequest: 'start.js',
  };
  const [folder, page, start] = [
    altair.getDistDirectory(),
    altair.renderAltair(options),
    altair.renderInitialOptions(options),
  ];
  const files = new Set(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in types),
  );
  return async (app) => {
    app.addHook('onRoute', (route) => {
      route.config = { ...route.config, cors: false };
    });
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', policy);
    });
    app.get('/explorer', (_request, reply) => reply.redirect('/explorer/', 302));
    app.get('/explorer/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
    app.get('/explorer/start.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(start));
    app.get<{ Params: { '*': string } }>('/explorer/*', async (request, reply) => {
      const name = request.params['*'];
      // Only names that were read from the folder: no path leads out of it.
      if (!files.has(name)) return reply.code(404).type('text/plain; charset=utf-8').send('no such file');
      return reply.type(types[extname(name)] ?? '').send(await readFile(join(folder, name)));
    });
  };
}
