import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Liquid } from 'liquidjs';
import { originForm } from '../http/host-header.js';
import { pageSecurityPolicy } from '../http/security-headers.js';
import { buildFolder, packageFolder } from '../package-files.js';
import { deepest, depthOf, pagePath } from './page-address.js';

export interface ResetPageSettings {
  readonly productName: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
}

/** The only scripts that are served: the page's own, and the SDK that every other client uses, too. */
const scripts = [
  ...[
    'page',
    'attempt',
    'key-from-address',
    'new-account',
    'new-password',
    'password-feedback',
    'password-form',
    'request-link',
    'views',
    'wording',
  ].map((name) => `src/password-reset/reset-page/${name}.js`),
  'schema/sdk/client.js',
  'schema/sdk/generated/graphql.js',
];

/** The hosted page: HTML filled once, a style sheet, and ES modules. The key stays in the fragment of the address. */
export async function resetPageRoutes(app: FastifyInstance, settings: ResetPageSettings): Promise<void> {
  const folder = `${packageFolder}src/password-reset/reset-page/`;
  const template = await readFile(`${folder}page.html`, 'utf8');
  const engine = new Liquid({ outputEscape: 'escape', strictVariables: true, ownPropertyOnly: true });
  const { productName, signInUrl = '', supportUrl = '' } = settings;
  const words = { productName, signInUrl, supportUrl, scripts };
  const pages: string[] = [];
  for (let depth = 0; depth <= deepest; depth++) {
    pages.push(await engine.parseAndRender(template, { ...words, root: '../'.repeat(depth) }));
  }
  const styles = await readFile(`${folder}page.css`, 'utf8');

  app.get(pagePath, (request, reply) =>
    reply
      .header('content-security-policy', pageSecurityPolicy)
      .type('text/html; charset=utf-8')
      .send(pages[depthOf(originForm(request.originalUrl))] ?? pages[0]),
  );
  app.get(`${pagePath}/page.css`, (_request, reply) => reply.type('text/css; charset=utf-8').send(styles));
  for (const script of scripts) {
    const source = await readFile(`${buildFolder}/${script}`, 'utf8');
    app.get(`${pagePath}/${script}`, (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(source.replace(/\n\/\/# sourceMappingURL=.*$/m, '')),
    );
  }
}
