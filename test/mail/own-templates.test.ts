import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compileOwnTemplates } from '../../src/build/compile-own-templates.js';
import { checkTexts } from '../../src/commands/templates.commands.js';
import { packageFolder } from '../../src/package-files.js';
import { openMailTemplates } from '../../src/services/own-mail-templates.js';
import { folderOf } from '../brand/pictures.js';
import { faultsOf, settingsWith } from '../settings/environments.js';

const mjml = (content: string) =>
  `<mjml lang="{{ language }}">\n<mj-body>\n<mj-section><mj-column>\n<mj-text>${content}</mj-text>\n</mj-column></mj-section>\n</mj-body>\n</mjml>\n`;
const changed = {
  changedAt: 'today',
  supportUrl: null,
  resetPageUrl: 'https://acme.example/',
  productName: 'Acme <&>',
};

/** A folder of an operator with these files in `mail/`. */
function own(files: Readonly<Record<string, string>>): string {
  const folder = folderOf({});
  mkdirSync(join(folder, 'mail'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'mail', name), content);
  return folder;
}
const checked = async (folder: string) => {
  const lines: string[] = [];
  return [await checkTexts(folder, (line) => lines.push(line.replaceAll(folder, ''))), ...lines];
};

describe('templates of an operator', () => {
  it('are laid over ours once they are compiled; texts need no build', async () => {
    const folder = own({
      'password-changed.mjml': mjml('{{ say.heading }}: {{ productName }}'),
      'password-changed.txt': 'Ours: {{ productName }} {{ resetPageUrl }}',
    });
    const missing = /compiled\/password-changed\.html: is missing; run latchkey templates build/;
    expect(faultsOf({ TEMPLATES_DIR: folder }).TEMPLATES_DIR).toMatch(missing);
    expect(await compileOwnTemplates(folder)).toEqual(['password-changed']);
    expect(await checked(folder)).toEqual([true, 'password-changed.txt: no fault', 'password-changed.html: no fault']);

    const templates = openMailTemplates(settingsWith({ TEMPLATES_DIR: folder }));
    const mail = templates.fill('password-changed', 'de', changed);
    expect(mail.text).toBe('Ours: Acme <&> https://acme.example/');
    expect(mail.html).toContain(': Acme &lt;&amp;&gt;');
    expect(mail.html).not.toContain('made by latchkey');
    expect(templates.fill('already-registered', 'de', changed).html).toContain('Acme');

    writeFileSync(join(folder, 'mail/password-changed.mjml'), mjml('{{ productName }}'));
    const stale = /compiled\/password-changed\.html: is older than its source/;
    expect(faultsOf({ TEMPLATES_DIR: folder }).TEMPLATES_DIR).toMatch(stale);
  });

  it('are refused with file and line, and nothing is written', async () => {
    const folder = own({
      'reset-link.mjml': mjml('{{ say.heading }} {{ password }}'),
      'sign-up.mjml': mjml('</mj-text><mj-txt>'),
      'sign-up.txt': '{{ link }}\n{{ say.nothing }}',
      'already-registered.txt': '\n{% if supportUrl %}',
    });
    const fault = await compileOwnTemplates(folder).then(
      () => new Error('compiled'),
      (error: Error) => error,
    );
    const lines = fault.message.replaceAll(join(folder, 'mail/'), '').split('\n');
    expect(lines).toContain('reset-link.mjml:4: there is no value {{ password }}');
    expect(lines).toContain("sign-up.mjml:4: Element mj-txt doesn't exist or is not registered");
    expect(lines).toContain('sign-up.txt:2: there is no value {{ say.nothing }}');
    expect(lines).toContainEqual(expect.stringMatching(/^already-registered\.txt:2: tag .* not closed/));
    expect((await checked(folder)).join('\n')).toContain('compiled/reset-link.html: is missing');
  });

  it('whose text names a value that there is not, or that are of no mail, do not start', async () => {
    const folder = own({ 'sign-up.txt': '{{ password }}' });
    expect(() => openMailTemplates(settingsWith({ TEMPLATES_DIR: folder }))).toThrow(
      /TEMPLATES_DIR: .*sign-up\.txt:1: there is no value \{\{ password \}\}/,
    );
    expect(await checked(folder)).toEqual([false, 'fault  /mail/sign-up.txt:1: there is no value {{ password }}']);
    const other = own({ 'welcome.mjml': mjml('') });
    expect(faultsOf({ TEMPLATES_DIR: other }).TEMPLATES_DIR).toMatch(/welcome\.mjml: is not read/);
  });

  it('a part of theirs goes into every mail', { timeout: 30_000 }, async () => {
    const head = readFileSync(`${packageFolder}templates/mail/_head.mjml`, 'utf8');
    const folder = own({ '_head.mjml': head.replaceAll('16px', '17px') });
    const { stdout } = await promisify(execFile)(process.execPath, [
      `${packageFolder}dist/latchkey.js`,
      ...['templates', 'build', folder],
    ]);
    expect(stdout).toMatch(/^compiled 5 mails: already-registered, /);
    expect(
      openMailTemplates(settingsWith({ TEMPLATES_DIR: folder })).fill('unknown-address', 'en', changed).html,
    ).toContain('17px');
  });
});
