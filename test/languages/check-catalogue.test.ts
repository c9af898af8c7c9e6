import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CatalogueFaults, checkCatalogue } from '../../src/languages/check-catalogue.js';
import { packageFolder } from '../../src/package-files.js';

const english = readFileSync(`${packageFolder}templates/locales/en.json`, 'utf8');
const reference = checkCatalogue({ file: 'en.json', language: 'en', json: english });

/** The faults of a catalogue that is the English one, but for what `change` does to it. */
function faultsOf(language: string, change: (texts: ReturnType<typeof JSON.parse>) => unknown): readonly string[] {
  const texts = JSON.parse(english);
  const changed = change(texts);
  const json = typeof changed === 'string' ? changed : JSON.stringify(texts);
  try {
    checkCatalogue({ file: `${language}.json`, language, json }, reference);
    return [];
  } catch (error) {
    if (!(error instanceof CatalogueFaults)) throw error;
    return error.faults;
  }
}

describe('a catalogue', () => {
  it('that is like the English one is taken', () => {
    expect(faultsOf('de', () => undefined)).toEqual([]);
  });

  it('is refused with file and key of every fault', () => {
    const faults = faultsOf('de', (texts) => {
      delete texts.mail['reset-link'].asked;
      texts.mail['reset-link'].aksed = 'Jemand';
      texts.mail['reset-link'].subject = 'Neues Passwort';
      texts.mail['reset-link'].heading = 'Neues Passwort für {productName}';
      texts.mail['reset-link'].lifetime = 'Der Link gilt {lifetime}: bis {expires}.';
      texts.mail['reset-link'].button = '{{ button }}';
      texts.mail['sign-up'].subject = 12;
      texts.mail['sign-up'].heading = ' ';
      texts.mail['sign-up'].preview = 'Der Link gilt\n{lifetime}.';
      texts.direction = 'up';
    });
    expect(faults).toEqual([
      'de.json: direction: must be ltr or rtl',
      'de.json: mail.reset-link.subject: the value {productName} is missing',
      'de.json: mail.reset-link.heading: there is no value {productName}',
      'de.json: mail.reset-link.button: a name is missing after "{" (character 2)',
      'de.json: mail.reset-link.lifetime: the value {expiresAt} is missing',
      'de.json: mail.reset-link.lifetime: there is no value {expires}, only {lifetime}, {expiresAt}',
      'de.json: mail.reset-link.aksed: there is no such text',
      'de.json: mail.sign-up.subject: is a number, not a text',
      'de.json: mail.sign-up.preview: holds a line break, a tab or another control character',
      'de.json: mail.sign-up.heading: is empty',
      'de.json: mail.reset-link.asked: is missing',
    ]);
  });

  it.each([
    ['pl', '{n, plural, one {# dzień} few {# dni} other {# dnia}}', ['lacks many']],
    ['ja', '{n, plural, one {#日} other {#日}}', ['has one; the language has other']],
    ['ja', '{n}日', []],
    ['he', '{n} ימים', ['{n} needs a plural: one, two, other']],
    ['ar', '{n, plural, one {x} two {x} few {x} many {x} other {#}}', ['lacks zero']],
    ['fr', '{n, plural, =0 {x} one {#} many {#} other {#}}', []],
  ])('of %s with the plural %s', (language, plural, faults) => {
    const found = faultsOf(language, (texts) => {
      const any = `{n, plural, ${new Intl.PluralRules(language)
        .resolvedOptions()
        .pluralCategories.map((category) => `${category} {#}`)
        .join(' ')}}`;
      const units = { day: any, hour: any, minute: any, second: any };
      texts.time = { for: units, in: { ...units, day: plural } };
    }).filter((fault) => fault.includes('time.'));
    expect(found).toHaveLength(faults.length);
    for (const fault of faults) expect(found.join()).toContain(fault);
  });

  it.each([
    ['de', '{', 'de.json: is no JSON'],
    ['de', '[]', 'de.json: holds no object'],
    ['pt-br', '{}', 'pt-br.json: the name must be pt-BR.json'],
    ['no such', '{}', 'no such.json: the name is no language tag'],
  ])('%s.json with %s is refused', (language, json, fault) => {
    expect(faultsOf(language, () => json)[0]).toContain(fault);
  });

  it('that is laid over another needs only what differs', () => {
    const json = JSON.stringify({ mail: { 'reset-link': { heading: 'Start afresh' } } });
    const over = checkCatalogue({ file: 'own/en.json', language: 'en', json }, reference, reference);
    expect(over.mail['reset-link']?.heading).toBe('Start afresh');
    expect(over.mail['reset-link']?.button).toBe('Set a new password');
  });
});
