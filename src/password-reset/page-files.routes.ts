import type { FastifyInstance } from 'fastify';
import type { PageLogo } from '../brand/page-logo.js';
import { type BrandOfPage, brandStyles, type PageLooks, pageLooks } from '../brand/page-looks.js';
import { type EncodedText, encoded, encodedFile, fingerprint, sendEncoded } from '../http/encoded-text.js';
import { logoSecurityPolicy, notOfFiles } from '../http/security-headers.js';
import { pageFilesFolder } from '../package-files.js';
import { pagePath } from './page-address.js';

/** Seconds: a year. */
const forEver = 'public, max-age=31536000, immutable';
const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const;
const pictureTypes = { svg: 'image/svg+xml', png: 'image/png' } as const;
type Extension = keyof typeof types;

interface PageFile {
  /** Changes with the content. */
  readonly hash: string;
  readonly text: EncodedText;
}
export interface PageFiles extends Readonly<Record<Extension, PageFile>> {
  readonly logo: { readonly extension: PageLogo['extension']; readonly file: PageFile } | undefined;
  readonly looks: PageLooks;
}

/**
 * Reads the page's script and style sheet, and puts the brand's colours into the latter.
 *
 * @throws Error if `npm run build` did not make them
 */
export async function readPageFiles(brand: BrandOfPage, logo: PageLogo | undefined): Promise<PageFiles> {
  const [css, js] = await Promise.all([read('css'), read('js')]);
  const styles = brandStyles(brand.accent, logo);
  const picture = logo && { extension: logo.extension, file: await fileOf(logo.bytes) };
  const path = picture ? `${pagePath.slice(1)}/logo-${picture.file.hash}.${picture.extension}` : '';
  return {
    css: styles === '' ? css : await fileOf(`${css.text.identity.bytes}${styles}`),
    js,
    logo: picture,
    looks: pageLooks(brand, logo, path),
  };
}

async function fileOf(content: string | Buffer): Promise<PageFile> {
  return { hash: fingerprint(content), text: await encoded(content) };
}

async function read(extension: Extension): Promise<PageFile> {
  const text = await encodedFile(`${pageFilesFolder}/page.${extension}`);
  return { hash: fingerprint(text.identity.bytes), text };
}

/** The path of a file, without the slash at its beginning. */
export function pathOf(files: PageFiles, extension: Extension): string {
  return `${pagePath.slice(1)}/page-${files[extension].hash}.${extension}`;
}

/** Serves script, style sheet and logo, for ever under their names. */
export function pageFileRoutes(app: FastifyInstance, files: PageFiles): void {
  for (const extension of ['css', 'js'] as const) {
    const { hash, text } = files[extension];
    const path = `${pagePath}/page-:hash([A-Za-z0-9_-]{12}).${extension}`;
    app.get<{ Params: { hash: string } }>(path, ({ params }, reply) => {
      // While versions are exchanged, a page of one process asks another for its files. It gets these, but not for ever.
      if (params.hash === hash) reply.header('cache-control', forEver);
      for (const name of notOfFiles) reply.removeHeader(name);
      return sendEncoded(reply.type(types[extension]), text);
    });
  }
  if (files.logo) logoRoute(app, files.logo);
}

function logoRoute(app: FastifyInstance, { extension, file }: NonNullable<PageFiles['logo']>): void {
  app.get<{ Params: { hash: string } }>(
    `${pagePath}/logo-:hash([A-Za-z0-9_-]{12}).${extension}`,
    ({ params }, reply) => {
      if (params.hash === file.hash) reply.header('cache-control', forEver);
      for (const name of notOfFiles) reply.removeHeader(name);
      reply.header('content-security-policy', logoSecurityPolicy);
      return sendEncoded(reply.type(pictureTypes[extension]), file.text);
    },
  );
}
