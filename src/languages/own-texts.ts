import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from './catalogue.js';
import { Catalogues } from './catalogues.js';
import { CatalogueFaults, checkCatalogue, referenceLanguage } from './check-catalogue.js';

/** An operator's texts, checked and laid over ours. */
export interface OwnTexts {
  readonly folder: string;
  readonly catalogues: ReadonlyMap<string, Catalogue>;
}

/**
 * Reads `locales/<language>.json` of a folder: some keys of a language that there is, all of one that there is not.
 *
 * @param ours the folder of the catalogues that `npm run build` made.
 * @throws CatalogueFaults naming file and key of every fault; also for files that would not be read, and for a folder
 *   without any, unless there are templates of mails (`mail/`), which are another's business.
 */
export function readOwnTexts(folder: string, ours: string): OwnTexts {
  const known = new Catalogues(ours);
  const faults = strangersIn(folder);
  const catalogues = new Map<string, Catalogue>();
  const hasTexts = existsSync(join(folder, 'locales')) || !existsSync(join(folder, 'mail'));
  for (const name of hasTexts ? namesIn(join(folder, 'locales'), faults) : []) {
    const file = join(folder, 'locales', name);
    const language = name.slice(0, -'.json'.length);
    try {
      const json = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
      const below = known.languages.includes(language) ? known.of(language) : undefined;
      catalogues.set(language, checkCatalogue({ file, language, json }, known.of(referenceLanguage), below));
    } catch (error) {
      if (error instanceof CatalogueFaults) faults.push(...error.faults);
      else faults.push(`${file}: cannot be read (${codeOf(error)})`);
    }
  }
  if (faults.length > 0) throw new CatalogueFaults(faults);
  return { folder, catalogues };
}

/** Whoever lays a file beside the catalogues expects something of it, and would not get it. */
function strangersIn(folder: string): string[] {
  const isRead = (entry: Dirent) =>
    entry.name === 'locales' || (/^(?:mail|compiled)$/.test(entry.name) && entry.isDirectory());
  const besides = entries(folder).filter((entry) => !isRead(entry) && !entry.name.startsWith('.'));
  return besides.map(
    ({ name }) =>
      `${join(folder, name)}: is not read; there may be locales/<language>.json and mail/<name>.mjml or .txt`,
  );
}

function namesIn(locales: string, faults: string[]): string[] {
  const names = entries(locales).map(({ name }) => name);
  const wrong = names.filter((name) => !name.endsWith('.json') && !name.startsWith('.'));
  faults.push(...wrong.map((name) => `${join(locales, name)}: is not read; a catalogue is <language>.json`));
  const catalogues = names.filter((name) => name.endsWith('.json')).sort();
  if (catalogues.length === 0) faults.push(`${locales}: holds no <language>.json`);
  return catalogues;
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new CatalogueFaults([`${folder}: cannot be read (${codeOf(error)})`]);
  }
}

const codeOf = (error: unknown) => (error as { code?: string }).code ?? 'unknown reason';
