import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mjml2html from 'mjml';
import { CatalogueFaults, checkCatalogue, referenceLanguage } from '../languages/check-catalogue.js';
import { plainLook } from '../mail/look.js';

/**
 * Compiles every `mail/*.mjml` of a folder to HTML in another one, copies their texts, and compiles the catalogues. Runs
 * at build time, because it takes a second and 230 packages that no running process needs.
 *
 * @returns the names of the compiled templates.
 * @throws Error when a template is not valid MJML. @throws CatalogueFaults naming file and key of every fault.
 */
export async function compileMailTemplates(from: string, to: string): Promise<string[]> {
  await mkdir(join(to, 'mail'), { recursive: true });
  await compileCatalogues(join(from, 'locales'), join(to, 'locales'));
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
    await writeFile(
      join(to, 'mail', file.replace('.mjml', '.html')),
      withPreheader(withAccent(slim(inEitherDirection(html)))),
    );
  }
  return compiled;
}

/** Checks every catalogue against the English one and writes it as `Catalogue`; others of an earlier build go. */
export async function compileCatalogues(from: string, to: string): Promise<void> {
  const source = async (file: string) => {
    const language = file.slice(0, -'.json'.length);
    return { file, language, json: await readFile(join(from, file), 'utf8') };
  };
  const files = (await readdir(from)).filter((file) => file.endsWith('.json')).sort();
  const reference = checkCatalogue(await source(`${referenceLanguage}.json`));
  const faults: string[] = [];
  await rm(to, { recursive: true, force: true });
  await mkdir(to);
  for (const file of files) {
    try {
      await writeFile(join(to, file), JSON.stringify(checkCatalogue(await source(file), reference)));
    } catch (error) {
      if (!(error instanceof CatalogueFaults)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw new CatalogueFaults(faults);
}

/** MJML knows the direction of a template only, and aligns to the left; a mail is in one language of either direction. */
function inEitherDirection(html: string): string {
  return html
    .replaceAll('direction:ltr', 'direction:{{ direction }}')
    .replaceAll('text-align:left', 'text-align:{{ start }}')
    .replaceAll('align="left"', 'align="{{ start }}"')
    .replaceAll('dir="auto"', 'dir="{{ direction }}"');
}

/**
 * Without indentation, a quarter of MJML's bytes, and without what tells programs nothing: rules and values that say
 * what holds anyway, some of which clients do not know, and helps for programs that are gone (Outlook 2003, Internet
 * Explorer). No text of ours spans lines.
 */
function slim(html: string): string {
  const idle = [
    / *(?:cursor: ?auto|text-transform: ?none|word-spacing: ?normal|border: ?none);/g,
    /background:(#\w{6});(?=background-color:\1;)/g,
    / target="_blank"| class=""/g,
    /<!--\[if lte mso 11\]>.*?<!\[endif\]-->/gs,
    /<!--\[if !mso\]><!-->\s*<meta http-equiv="X-UA-Compatible"[^>]*>\s*<!--<!\[endif\]-->/g,
    / mj-outlook-group-fix| xmlns:v="[^"]*"| type="text\/css"/g,
    /#outlook a \{[^}]*\}|outline: ?none;|text-decoration:none;(?=-ms-interpolation)/g,
  ];
  return idle.reduce((slimmer, each) => slimmer.replace(each, ''), html).replace(/\s*\n\s*/g, '\n');
}

/** MJML takes no placeholder for a colour: those of `plainLook` stand for them. */
function withAccent(html: string): string {
  const { accent, accentDark, onAccentDark } = plainLook;
  return html
    .replaceAll(accent, '{{ look.accent }}')
    .replaceAll(accentDark, '{{ look.accentDark }}')
    .replaceAll(onAccentDark, '{{ look.onAccentDark }}');
}

/**
 * The preheader, which lists of mails show beside the subject. Where there is room they show what follows it, too: signs
 * that show nothing fill that room, pairs of a joiner, which keeps programs from folding the spaces, and a space; 75 of
 * them, because lists show 140 characters or fewer. White letters of one pixel, as MJML hides it for programs that do not
 * know `display:none`, are a sign of spam; a height of nothing is none.
 */
function withPreheader(html: string): string {
  return html.replace(
    /<div style="display:none;[^"]*">\{\{ say.preview \}\}/,
    `<div style="display:none;max-height:0px;overflow:hidden;">{{ say.preview }}${'&#847;&#8199;'.repeat(75)}`,
  );
}
