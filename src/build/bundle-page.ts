import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripIgnoredCharacters } from 'graphql';
import { transform } from 'lightningcss';
import { rolldown } from 'rolldown';
import { encoded } from '../http/encoded-text.js';
import { Catalogues } from '../languages/catalogues.js';
import { buildFolder, packageFolder, pageFilesFolder, templatesFolder } from '../package-files.js';
import { PageHtml } from '../password-reset/page-html.js';

const source = 'src/password-reset/reset-page';

/**
 * A step of `npm run build`: makes the hosted page's script and style sheet, one file each, as small as it gets and
 * compressed as well. Whoever has lost a password may sit on a slow line, and each file is one more that can fail.
 *
 * @throws Error of rolldown when the script cannot be put together, of lightningcss when the styles are wrong, or of
 *   liquidjs when the HTML names a text that a catalogue lacks.
 */
export async function bundlePage(): Promise<void> {
  await mkdir(pageFilesFolder, { recursive: true });
  await tryEveryLanguage();
  await write('page.css', smallStyles(await readFile(join(packageFolder, source, 'page.css'))));
  await write('page.js', await script());
}

/** The catalogues are checked against the English one, and that against the HTML. */
async function tryEveryLanguage(): Promise<void> {
  const html = await PageHtml.read();
  const catalogues = new Catalogues(templatesFolder);
  const looks = { logo: null, icon: '', footerLinks: [] };
  const none = { productName: '', signInUrl: '', supportUrl: '', styles: '', script: '', looks };
  for (const language of catalogues.languages) html.in(language, catalogues.of(language), none);
}

async function script(): Promise<string> {
  const build = await rolldown({
    input: join(buildFolder, source, 'page.js'),
    platform: 'browser',
    plugins: [shortDocuments],
    // The oldest browser that the page promises to work in; the compiler leaves syntax of ES2023.
    transform: { target: 'safari15', assumptions: { setPublicClassFields: true } },
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  try {
    const { output } = await build.generate({ format: 'esm', minify: true });
    const [chunk, ...others] = output;
    if (others.length > 0) throw new Error('the page has one script, and imports nothing while it runs');
    return chunk.code;
  } finally {
    await build.close();
  }
}

/** Makes the SDK's documents plain texts without spaces: what the page does not ask for is then left out. */
const shortDocuments = {
  name: 'short-documents',
  transform: (code: string, id: string) =>
    id.endsWith('/sdk/generated/graphql.js')
      ? code.replace(/new TypedDocumentString\(`([^`]*)`.*\)/g, (_, document: string) =>
          JSON.stringify(stripIgnoredCharacters(document)),
        )
      : undefined,
};

function smallStyles(styles: Buffer): string {
  // Safari's version is in the third byte.
  const { code, warnings } = transform({
    filename: 'page.css',
    code: styles,
    minify: true,
    targets: { safari: 15 << 16 },
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ message }) => message).join('\n'));
  return Buffer.from(code).toString();
}

async function write(name: string, content: string): Promise<void> {
  const { identity, br, gzip } = await encoded(content);
  const file = join(pageFilesFolder, name);
  await Promise.all([
    writeFile(file, identity.bytes),
    writeFile(`${file}.br`, br.bytes),
    writeFile(`${file}.gz`, gzip.bytes),
  ]);
}
