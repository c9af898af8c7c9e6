import type { FastifyInstance } from 'fastify';
import { type EncodedText, encoded, sendEncoded } from '../http/encoded-text.js';
import { originForm } from '../http/host-header.js';
import { isPerson, sendToPerson } from '../http/page-for-people.js';
import { readerLanguage } from '../http/reader-language.js';
import { pageSecurityPolicy } from '../http/security-headers.js';
import type { Catalogues } from '../languages/catalogues.js';
import { deepest, depthOf, isPlainTarget, pagePath } from './page-address.js';
import { type PageFiles, pageFileRoutes, pathOf } from './page-files.routes.js';
import { PageHtml } from './page-html.js';

export interface ResetPageSettings {
  readonly productName: string;
  readonly pageUrl: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
}

/**
 * The hosted page: HTML in the reader's language, one style sheet, one script. The key stays in the fragment of the
 * address.
 */
export async function resetPageRoutes(
  app: FastifyInstance,
  settings: ResetPageSettings,
  files: PageFiles,
  catalogues: Catalogues,
): Promise<void> {
  const html = await PageHtml.read();
  const { productName, signInUrl = '', supportUrl = '' } = settings;
  const paths = { styles: pathOf(files, 'css'), script: pathOf(files, 'js') };
  const values = { productName, signInUrl, supportUrl, ...paths, looks: files.looks };
  /** Filled and compressed when they are asked for, which most never are: one for a language and depth. */
  const pages = new Map<string, Promise<EncodedText>>();
  const pageIn = (language: string, depth: number): Promise<EncodedText> => {
    const name = `${language} ${depth}`;
    const page = pages.get(name) ?? encoded(html.in(language, catalogues.of(language), values, depth));
    pages.set(name, page);
    return page;
  };

  app.get(pagePath, async (request, reply) => {
    const target = originForm(request.originalUrl);
    const depth = depthOf(target);
    const text = await pageIn(readerLanguage(request, catalogues), depth <= deepest ? depth : 0);
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
    app.forPeople && isPerson(request)
      ? sendToPerson(reply, app.forPeople, ({ site }) => ({ title: site['root-title'], texts: [site.root] }))
      : reply.callNotFound(),
  );
}
