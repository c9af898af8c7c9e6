import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { checkTexts } from '../../src/commands/templates.commands.js';
import { Catalogues } from '../../src/languages/catalogues.js';
import { packageFolder, templatesFolder } from '../../src/package-files.js';
import { faultsOf, settingsWith } from '../settings/environments.js';

const folders: string[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-own-texts-'));
  folders.push(folder);
  await mkdir(join(folder, 'locales'));
});
afterAll(() => Promise.all(folders.map((each) => rm(each, { recursive: true }))));
const write = (name: string, content: unknown) =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const checked = async () => {
  const lines: string[] = [];
  return { isRight: await checkTexts(folder, (line) => lines.push(line.replaceAll(folder, ''))), lines };
};

describe('texts of an operator', () => {
  it('are laid over ours: what differs, and further languages', async () => {
    await write('locales/de.json', { page: { title: 'Kennwort vergessen' } });
    const simplified = JSON.parse(await readFile(`${packageFolder}templates/locales/zh-Hans.json`, 'utf8'));
    await write('locales/zh-Hant.json', { ...simplified, name: '繁體中文' });
    expect(await checked()).toEqual({ isRight: true, lines: ['de  Deutsch: no fault', 'zh-Hant  繁體中文: no fault'] });

    const { languages } = settingsWith({ TEMPLATES_DIR: folder, DEFAULT_LANGUAGE: 'zh-Hant' });
    const catalogues = new Catalogues(templatesFolder, languages.byDefault, languages.own);
    expect([catalogues.defaultLanguage, catalogues.find('zh-TW'), catalogues.find('zh-CN')]).toEqual([
      ...['zh-Hant', 'zh-Hant'],
      'zh-Hans',
    ]);
    expect(catalogues.of('de').page.title).toBe('Kennwort vergessen');
    expect(catalogues.of('de').page.password).toBe('Passwort');
    expect(new Catalogues(templatesFolder).of('de').page.title).toBe('Passwort zurücksetzen');
  });

  it('are refused by the check and by the start, with file and key of every fault', async () => {
    await write('locales/de.json', {
      page: { titel: 'Kennwort vergessen' },
      mail: { 'sign-up': { subject: 'Hallo' } },
    });
    await write('locales/hu.json', { name: 'Magyar' });
    await write('locales/fr.json', '{');
    const { isRight, lines } = await checked();
    expect(isRight).toBe(false);
    expect(lines.slice(0, 4)).toEqual([
      'fault  /locales/de.json: page.titel: there is no such text',
      'fault  /locales/de.json: mail.sign-up.subject: the value {productName} is missing',
      expect.stringMatching(/^fault {2}\/locales\/fr\.json: is no JSON/),
      'fault  /locales/hu.json: direction: is missing',
    ]);
    expect(lines.length).toBeGreaterThan(140);
    const fault = faultsOf({ TEMPLATES_DIR: folder }).TEMPLATES_DIR;
    for (const line of lines) expect(fault?.replaceAll(folder, '')).toContain(line.replace('fault  ', ''));
  });

  it.each([
    ['a mail', 'mail', 'fault  /mail: is not read; there may be locales/<language>.json and mail/<name>.mjml or .txt'],
    ['a note', 'locales/notes.txt', 'fault  /locales/notes.txt: is not read; a catalogue is <language>.json'],
    ['nothing', '.keep', 'fault  /locales: holds no <language>.json'],
  ])('with %s in the folder are refused', async (_what, name, fault) => {
    await write(name, '');
    expect((await checked()).lines).toContain(fault);
  });

  it('that are not there are refused', async () => {
    await rm(join(folder, 'locales'), { recursive: true });
    expect((await checked()).lines).toEqual(['fault  /locales: cannot be read (ENOENT)']);
    expect(faultsOf({ TEMPLATES_DIR: join(folder, 'nowhere') }).TEMPLATES_DIR).toContain('cannot be read (ENOENT)');
  });
});

describe('DEFAULT_LANGUAGE', () => {
  it.each([
    ['de', 'de'],
    ['pt_br', 'pt-BR'],
    ['ZH-hans', 'zh-Hans'],
  ])('%s is %s', (given, language) => {
    expect(settingsWith({ DEFAULT_LANGUAGE: given }).languages.byDefault).toBe(language);
  });

  it.each([
    ['tlh', 'there are texts in: ar, cs, '],
    ['../../etc', 'allowed: a language tag'],
    ['a'.repeat(9_999), 'allowed: a language tag'],
  ])('%.12s is refused', (given, fault) => {
    expect(faultsOf({ DEFAULT_LANGUAGE: given }).DEFAULT_LANGUAGE).toContain(fault);
  });
});
