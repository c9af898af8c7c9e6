import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Liquid } from 'liquidjs';
import { compiledFolder } from '../brand/own-templates.js';
import { Catalogues } from '../languages/catalogues.js';
import { referenceLanguage } from '../languages/check-catalogue.js';
import { templatesFolder } from '../package-files.js';

const engine = new Liquid();

/** The values that a template names, with their places: `say.heading`, `look.footerLinks`. */
function namesIn(text: string, file?: string): { readonly name: string; readonly line: number }[] {
  const { globals } = engine.analyzeSync(engine.parse(text, file));
  return Object.values(globals).flatMap((uses) => uses.map((use) => ({ name: String(use), line: use.location.row })));
}

/**
 * What a template of an operator names although our template of the same mail does not: it would have no value.
 *
 * @param path to be told. @param file names the mail: `reset-link.mjml`, `.html` or `.txt`.
 * @returns faults with path and line; also one where the template cannot be read.
 */
export function ownPlaceholderFaults(path: string, file: string, text: string): string[] {
  const name = file.replace(/\.\w+$/, '');
  const { mail } = new Catalogues(templatesFolder).of(referenceLanguage);
  const ours = ['html', 'txt'].flatMap((extension) =>
    namesIn(readFileSync(join(templatesFolder, 'mail', `${name}.${extension}`), 'utf8')),
  );
  const sentences = Object.keys(mail[name] ?? {}).map((key) => `say.${key}`);
  const known = new Set([...ours.map((each) => each.name), ...sentences]);
  try {
    const unknown = namesIn(text, path).filter((each) => !known.has(each.name));
    return unknown.map((each) => `${path}:${each.line}: there is no value {{ ${each.name} }}`);
  } catch (error) {
    const { message, token } = error as Error & { token?: { getPosition(): [row: number, column: number] } };
    if (!token) throw error;
    return [`${path}:${token.getPosition()[0]}: ${message.replace(/, (?:file|line):.*$/s, '')}`];
  }
}

/** The same of everything that is laid over our mails. @param own by file, as `readOwnTemplates` gives it */
export function ownTemplateFaults(folder: string, own: ReadonlyMap<string, string>): string[] {
  return [...own].flatMap(([file, text]) =>
    ownPlaceholderFaults(join(folder, file.endsWith('.html') ? compiledFolder : 'mail', file), file, text),
  );
}
