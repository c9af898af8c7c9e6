import type { FastifyInstance } from 'fastify';
import { type EncodedText, encodedFile, fingerprint, sendEncoded } from '../http/encoded-text.js';
import { notOfFiles } from '../http/security-headers.js';
import { pageFilesFolder } from '../package-files.js';
import { pagePath } from './page-address.js';

/** Seconds: a year. */
const forEver = 'public, max-age=31536000, immutable';
const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const;
type Extension = keyof typeof types;

interface PageFile {
  /** Changes with the content. */
  readonly hash: string;
  readonly text: EncodedText;
}
export type PageFiles = Readonly<Record<Extension, PageFile>>;

/** Reads the page's script and style sheet. @throws Error if `npm run build` did not make them */
export async function readPageFiles(): Promise<PageFiles> {
  const [css, js] = await Promise.all([read('css'), read('js')]);
  return { css, js };
}

async function read(extension: Extension): Promise<PageFile> {
  const text = await encodedFile(`${pageFilesFolder}/page.${extension}`);
  return { hash: fingerprint(text.identity.bytes), text };
}

/** The path of a file, without the slash at its beginning. */
export function pathOf(files: PageFiles, extension: Extension): string {
  return `${pagePath.slice(1)}/page-${files[extension].hash}.${extension}`;
}

/** Serves script and style sheet, for ever under their names. */
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
}
