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

/** Reads `TEMPLATES_DIR`: checks every catalogue of the folder, as `latchkey templates check` does. */
export const ownTexts: Reader<OwnTexts> = (folder) => {
  try {
    return { kind: 'Read', value: readOwnTexts(folder.trim(), templatesFolder) };
  } catch (error) {
    if (!(error instanceof CatalogueFaults)) throw error;
    return notAllowed(`allowed: a folder with locales/<language>.json, all of it right\n${error.message}`);
  }
};

/** Which texts there are; reports a default language without any. */
export function languagesOf(
  {
    DEFAULT_LANGUAGE: byDefault,
    TEMPLATES_DIR: own,
  }: { DEFAULT_LANGUAGE: string; TEMPLATES_DIR: OwnTexts | undefined },
  checking: { isSet(name: Name): boolean; isWrong(name: Name): boolean; fault(name: Name, text: string): void },
): { byDefault: string; own: ReadonlyMap<string, Catalogue> | undefined } {
  if (checking.isSet('DEFAULT_LANGUAGE') && !checking.isWrong('TEMPLATES_DIR')) {
    const { languages } = new Catalogues(templatesFolder, byDefault, own?.catalogues);
    if (!languages.includes(byDefault)) {
      checking.fault(
        'DEFAULT_LANGUAGE',
        `was ${JSON.stringify(byDefault)}; allowed: a language that there are texts in: ${languages.join(', ')}`,
      );
    }
  }
  return { byDefault, own: own?.catalogues };
}
