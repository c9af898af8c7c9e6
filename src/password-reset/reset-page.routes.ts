import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Liquid } from 'liquidjs';
import { type EncodedText, encoded, sendEncoded } from '../http/encoded-text.js';
import { originForm } from '../http/host-header.js';
import { isPerson, sendToPerson } from '../http/page-for-people.js';
import { pageSecurityPolicy } from '../http/security-headers.js';
import { packageFolder } from '../package-files.js';
import { deepest, depthOf, isPlainTarget, pagePath } from './page-address.js';
import { type PageFiles, pageFileRoutes, pathOf } from './page-files.routes.js';

export interface ResetPageSettings {
  readonly productName: string;
  readonly pageUrl: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
}

/** The hosted page: HTML filled once, one style sheet, one script. The key stays in the fragment of the address. */
export async function resetPageRoutes(
  app: FastifyInstance,
  settings: ResetPageSettings,
  files: PageFiles,
): Promise<void> {
  const template = await readFile(`${packageFolder}src/password-reset/reset-page/page.html`, 'utf8');
  const engine = new Liquid({ outputEscape: 'escape', strictVariables: true, ownPropertyOnly: true });
  const { productName, signInUrl = '', supportUrl = '' } = settings;
  const words = { productName, signInUrl, supportUrl, styles: pathOf(files, 'css'), script: pathOf(files, 'js') };
  const pages: string[] = [];
  for (let depth = 0; depth <= deepest; depth++) {
    pages.push(await engine.parseAndRender(template, { ...words, root: '../'.repeat(depth) }));
  }
  /** Compressed when they are asked for, which most never are. */
  const encodedPages = new Map<string, EncodedText>();

  app.get(pagePath, (request, reply) => {
    const target = originForm(request.originalUrl);
    const page = pages[depthOf(target)] ?? pages[0] ?? '';
    const text = encodedPages.get(page) ?? encoded(page);
    encodedPages.set(page, text);
    // Every other spelling may hold a key or an address, and a browser keeps an answer under its whole URL.
    if (isPlainTarget(target)) reply.header('cache-control', 'no-cache');
    reply.header('content-security-policy', pageSecurityPolicy).header('vary', 'Accept-Language');
    return sendEncoded(reply.type('text/html; charset=utf-8'), text);
  });
  pageFileRoutes(app, files);

  // Password managers lead people here (https://www.w3.org/TR/change-password-url/).
  app.get('/.well-known/change-password', (_request, reply) => reply.redirect(settings.pageUrl, 302));
}

/** What people meet who come by the bare name of the server, unless there is a page of its own. */
export function rootPage(app: FastifyInstance): void {
  if (app.hasRoute({ method: 'GET', url: '/' })) return;
  app.get('/', (request, reply) =>
    isPerson(request)
      ? sendToPerson(reply, 'Back into your account', [
          'Here you set a new password for your account, if you lost the old one or somebody else may know it.',
        ])
      : reply.callNotFound(),
  );
}
