import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Liquid } from 'liquidjs';
import { pageSecurityPolicy } from '../http/security-headers.js';
import { buildFolder, packageFolder } from '../resources.js';

export interface ResetPageSettings {
  readonly productName: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
}

const path = '/reset-password';
/** The only files that are served: the page's scripts, and the SDK that they share with every other client. */
const scripts = [
  ...[
    'page',
    'attempt',
    'key-from-address',
    'new-password',
    'password-feedback',
    'request-link',
    'views',
    'wording',
  ].map((name) => `src/password-reset/reset-page/${name}.js`),
  'schema/sdk/client.js',
  'schema/sdk/generated/graphql.js',
];

/** The hosted page: HTML filled once, a style sheet, and ES modules. It holds no key; that stays in the fragment. */
export async function resetPageRoutes(app: FastifyInstance, settings: ResetPageSettings): Promise<void> {
  const folder = `${packageFolder}src/password-reset/reset-page/`;
  const template = await readFile(`${folder}page.html`, 'utf8');
  const engine = new Liquid({ outputEscape: 'escape', strictVariables: true, ownPropertyOnly: true });
  const { productName, signInUrl = '', supportUrl = '' } = settings;
  const page: string = await engine.parseAndRender(template, { productName, signInUrl, supportUrl, scripts });
  const styles = await readFile(`${folder}page.css`, 'utf8');

  app.get(path, (_request, reply) =>
    reply.header('content-security-policy', pageSecurityPolicy).type('text/html; charset=utf-8').send(page),
  );
  app.get(`${path}/page.css`, (_request, reply) => reply.type('text/css; charset=utf-8').send(styles));
  for (const script of scripts) {
    const source = await readFile(`${buildFolder}/${script}`, 'utf8');
    app.get(`${path}/${script}`, (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(source.replace(/\n\/\/# sourceMappingURL=.*$/m, '')),
    );
  }
}
