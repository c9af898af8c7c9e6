import { mailNames, type OwnTemplates, readOwnTemplates } from '../brand/own-templates.js';
import type { Catalogue } from '../languages/catalogue.js';
import { Catalogues } from '../languages/catalogues.js';
import { CatalogueFaults } from '../languages/check-catalogue.js';
import { type OwnTexts, readOwnTexts } from '../languages/own-texts.js';
import { templatesFolder } from '../package-files.js';
import { notAllowed, type Reader, read } from './reader.js';

type Name = 'DEFAULT_LANGUAGE' | 'TEMPLATES_DIR';

/** Reads `DEFAULT_LANGUAGE`; whether there are texts in it is known with `TEMPLATES_DIR`. */
export const language: Reader<string> = read('a language tag (BCP 47), such as de or pt-BR', (text) =>
  text.length <= 35 ? Intl.getCanonicalLocales(text.replaceAll('_', '-')).at(0) : undefined,
);

/** An operator's texts and templates. */
export interface OwnFiles extends OwnTexts {
  readonly templates: ReadonlyMap<string, string>;
}

/** Reads `TEMPLATES_DIR`: checks every catalogue of the folder, as `latchkey templates check` does, and what is compiled. */
export const ownFiles: Reader<OwnFiles> = (text) => {
  try {
    return { kind: 'Read', value: readOwnFiles(text.trim()) };
  } catch (error) {
    if (!(error instanceof CatalogueFaults)) throw error;
    return notAllowed(
      `allowed: a folder with locales/<language>.json or mail/<name>.mjml, all of it right\n${error.message}`,
    );
  }
};

/** @throws CatalogueFaults naming every fault of texts and templates */
export function readOwnFiles(folder: string): OwnFiles {
  const { files: templates, faults } = ownTemplates(folder);
  try {
    const texts = readOwnTexts(folder, templatesFolder);
    if (faults.length === 0) return { ...texts, templates };
  } catch (error) {
    if (!(error instanceof CatalogueFaults)) throw error;
    throw new CatalogueFaults([...error.faults, ...faults]);
  }
  throw new CatalogueFaults(faults);
}

function ownTemplates(folder: string): OwnTemplates {
  try {
    return readOwnTemplates(folder, mailNames(templatesFolder));
  } catch (error) {
    // Of the system, or of Node where the path itself is none.
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { files: new Map(), faults: [`${folder}: its mail templates cannot be read (${code})`] };
  }
}

/** Which texts there are; reports a default language without any. */
export function languagesOf(
  {
    DEFAULT_LANGUAGE: byDefault,
    TEMPLATES_DIR: own,
  }: { DEFAULT_LANGUAGE: string; TEMPLATES_DIR: OwnFiles | undefined },
  checking: { isSet(name: Name): boolean; isWrong(name: Name): boolean; fault(name: Name, text: string): void },
): {
  byDefault: string;
  own: ReadonlyMap<string, Catalogue> | undefined;
  folder: string;
  templates: ReadonlyMap<string, string> | undefined;
} {
  if (checking.isSet('DEFAULT_LANGUAGE') && !checking.isWrong('TEMPLATES_DIR')) {
    const { languages } = new Catalogues(templatesFolder, byDefault, own?.catalogues);
    if (!languages.includes(byDefault)) {
      checking.fault(
        'DEFAULT_LANGUAGE',
        `was ${JSON.stringify(byDefault)}; allowed: a language that there are texts in: ${languages.join(', ')}`,
      );
    }
  }
  return { byDefault, own: own?.catalogues, folder: own?.folder ?? '', templates: own?.templates };
}
