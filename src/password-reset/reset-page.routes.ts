import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Liquid } from 'liquidjs';
import { type EncodedText, encoded, encodedFile, fingerprint, sendEncoded } from '../http/encoded-text.js';
import { originForm } from '../http/host-header.js';
import { pageSecurityPolicy } from '../http/security-headers.js';
import { packageFolder, pageFilesFolder } from '../package-files.js';
import { deepest, depthOf, isPlainTarget, pagePath } from './page-address.js';

export interface ResetPageSettings {
  readonly productName: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
}

/** Seconds: a year. */
const forEver = 'public, max-age=31536000, immutable';

/** The hosted page: HTML filled once, one style sheet, one script. The key stays in the fragment of the address. */
export async function resetPageRoutes(app: FastifyInstance, settings: ResetPageSettings): Promise<void> {
  const styles = await pageFile(app, 'css', 'text/css; charset=utf-8');
  const script = await pageFile(app, 'js', 'text/javascript; charset=utf-8');
  const template = await readFile(`${packageFolder}src/password-reset/reset-page/page.html`, 'utf8');
  const engine = new Liquid({ outputEscape: 'escape', strictVariables: true, ownPropertyOnly: true });
  const { productName, signInUrl = '', supportUrl = '' } = settings;
  const words = { productName, signInUrl, supportUrl, styles, script };
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
}

/**
 * Serves a file that `npm run build` made, under a name that changes with its content.
 *
 * @returns the name, relative to the folder of the page's path.
 */
async function pageFile(app: FastifyInstance, extension: 'css' | 'js', type: string): Promise<string> {
  const text = await encodedFile(`${pageFilesFolder}/page.${extension}`);
  const hash = fingerprint(text.identity.bytes);
  app.get<{ Params: { hash: string } }>(
    `${pagePath}/page-:hash([A-Za-z0-9_-]{12}).${extension}`,
    ({ params }, reply) => {
      // While versions are exchanged, a page of one process asks another for its files. It gets these, but not for ever.
      if (params.hash === hash) reply.header('cache-control', forEver);
      return sendEncoded(reply.type(type), text);
    },
  );
  return `page-${hash}.${extension}`;
}
