import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mjml2html from 'mjml';

/**
 * Compiles every `mail/*.mjml` of a folder to HTML in another one, and copies texts and catalogues. Runs at build time,
 * because it takes a second and 230 packages that no running process needs.
 *
 * @returns the names of the compiled files.
 * @throws Error when a template is not valid MJML.
 */
export async function compileMailTemplates(from: string, to: string): Promise<string[]> {
  await mkdir(join(to, 'mail'), { recursive: true });
  await cp(join(from, 'locales'), join(to, 'locales'), { recursive: true });
  const files = await readdir(join(from, 'mail'));
  for (const file of files.filter((name) => name.endsWith('.txt'))) {
    await cp(join(from, 'mail', file), join(to, 'mail', file));
  }
  const compiled = files.filter((name) => name.endsWith('.mjml') && !name.startsWith('_'));
  for (const file of compiled) {
    const source = await readFile(join(from, 'mail', file), 'utf8');
    // `fonts: {}`: no mail program loads a font from a third party. Includes are our own partials only.
    const { html } = await mjml2html(source, {
      validationLevel: 'strict',
      fonts: {},
      keepComments: false,
      ignoreIncludes: false,
      filePath: join(from, 'mail'),
      includePath: [join(from, 'mail')],
    });
    await writeFile(join(to, 'mail', file.replace('.mjml', '.html')), html);
  }
  return compiled;
}
