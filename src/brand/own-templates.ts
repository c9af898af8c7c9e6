import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** An operator's mail templates by file (`reset-link.html`, compiled; `reset-link.txt`), and what is wrong with others. */
export interface OwnTemplates {
  readonly files: ReadonlyMap<string, string>;
  readonly faults: readonly string[];
}

/** Where `latchkey templates build` writes, beside `mail/`. */
export const compiledFolder = 'compiled';

/**
 * Reads `mail/<name>.txt` and `compiled/<name>.html` of a folder. A template that was not compiled, or not since it or one
 * beside it was changed, is a fault, because people would get another mail than the operator wrote.
 *
 * @param names of the mails that there are.
 */
export function readOwnTemplates(folder: string, names: readonly string[]): OwnTemplates {
  const files = new Map<string, string>();
  const sources = sourcesOf(folder);
  const faults = sources
    .filter((file) => !isOfAMail(file, names))
    .map(
      (file) =>
        `${join(folder, 'mail', file)}: is not read; there may be _<name>.mjml and .mjml or .txt of ${names.join(', ')}`,
    );
  for (const file of sources.filter((each) => each.endsWith('.txt') && isOfAMail(each, names))) {
    files.set(file, readFileSync(join(folder, 'mail', file), 'utf8'));
  }
  const stamp = stampOf(folder);
  for (const name of compiledNames(folder, names)) {
    const file = join(folder, compiledFolder, `${name}.html`);
    const [first, html] = existsSync(file) ? firstLine(readFileSync(file, 'utf8')) : ['', ''];
    if (first === stamp) files.set(`${name}.html`, html);
    else faults.push(`${file}: ${first ? 'is older than its source' : 'is missing'}; run latchkey templates build`);
  }
  return { files, faults };
}

/** The mails that are compiled: those with a source of the operator's, or all where there is a part that all may include. */
export function compiledNames(folder: string, names: readonly string[]): readonly string[] {
  const sources = sourcesOf(folder).filter((file) => file.endsWith('.mjml'));
  return sources.some((file) => file.startsWith('_'))
    ? names
    : names.filter((name) => sources.includes(`${name}.mjml`));
}

/** The first line of a compiled file: what it was made of. */
export function stampOf(folder: string): string {
  const hash = createHash('sha256');
  for (const file of sourcesOf(folder).filter((each) => each.endsWith('.mjml'))) {
    hash.update(JSON.stringify([file, readFileSync(join(folder, 'mail', file), 'utf8')]));
  }
  return `<!-- made by latchkey templates build of ${hash.digest('hex').slice(0, 16)} -->`;
}

export function sourcesOf(folder: string): readonly string[] {
  const mail = join(folder, 'mail');
  return statSync(mail, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(mail)
        .filter((file) => !file.startsWith('.'))
        .sort()
    : [];
}

function isOfAMail(file: string, names: readonly string[]): boolean {
  return /^_[\w-]+\.mjml$/.test(file) || names.some((name) => file === `${name}.mjml` || file === `${name}.txt`);
}

function firstLine(text: string): [first: string, rest: string] {
  const end = text.indexOf('\n');
  return [text.slice(0, end), text.slice(end + 1)];
}

/** The mails that there are. @param ours the folder of the templates that `npm run build` made */
export function mailNames(ours: string): readonly string[] {
  const files = readdirSync(join(ours, 'mail')).filter((file) => file.endsWith('.html'));
  return files.map((file) => file.slice(0, -'.html'.length)).sort();
}
