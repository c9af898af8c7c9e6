import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../src/package-files.js';

/** A test, or a group of tests, that says of itself which number it shows. */
export interface Shown {
  readonly number: string;
  /** From the root of the package. */
  readonly file: string;
  /** The titles of the groups around the test, and its own. */
  readonly titles: readonly string[];
  /** Never run, whatever the machine has. (`skipIf` and `runIf` run where the machine has what they need.) */
  readonly isSkipped: boolean;
}

/** `// Shows: R-01, ASVS 6.3.8` above a test; several such lines may follow each other. */
const tag = /^\s*\/\/ Shows: (.+)$/;
const block = /^(\s*)(it|test|describe)\b((?:\.\w+)*)/;
const text = String.raw`(['"\`])((?:\\.|(?!\1)[\s\S])*)\1`;
const plainTitle = new RegExp(String.raw`^\s*\w+(?:\.\w+)*\(\s*${text}`);
/** The title in the second parentheses: `it.each(…)('title'`. */
const titleOfMany = new RegExp(String.raw`\)\(\s*${text}`);

/** Every tag below `test`. @throws Error for a tag that stands above no test, or where `npm test` does not run it. */
export async function allTags(): Promise<Shown[]> {
  const files: string[] = [];
  // Other products that tests install are no tests of ours.
  const exclude = (path: string) => /(?:^|\/)node_modules$/.test(path);
  for await (const file of glob('test/**/*.ts', { cwd: packageFolder, exclude })) files.push(file);
  const found = files.sort().map(async (file) => tagsIn(file, await readFile(join(packageFolder, file), 'utf8')));
  return (await Promise.all(found)).flat();
}

/** The tags of one file. The sources are formatted, so the groups around a test are told by their indentation. */
export function tagsIn(file: string, source: string): Shown[] {
  const lines = source.split('\n');
  return lines.flatMap((line, index) => {
    const [, numbers] = tag.exec(line) ?? [];
    if (numbers === undefined) return [];
    const at = lines.findIndex((each, later) => later > index && !tag.test(each));
    const blocks = [...groupsAround(lines, at), ...blocksAt(lines, at)];
    if (!block.test(lines[at] ?? '')) throw new Error(`${file}:${index + 1}: the tag stands above no test`);
    if (!file.endsWith('.test.ts')) throw new Error(`${file}:${index + 1}: npm test does not run this file`);
    const titles = blocks.map(({ title }) => title);
    const isSkipped = blocks.some(({ modifiers }) => /\.(?:skip|todo)\b/.test(modifiers));
    return numbers.split(/,\s*/).map((number) => ({ number, file, titles, isSkipped }));
  });
}

interface Block {
  readonly indent: number;
  readonly modifiers: string;
  readonly title: string;
}

function groupsAround(lines: readonly string[], at: number): Block[] {
  const around: Block[] = [];
  let indent = lines[at]?.search(/\S/) ?? 0;
  for (let line = at - 1; line >= 0 && indent > 0; line--) {
    if (!/^\s*describe\b/.test(lines[line] ?? '')) continue;
    for (const group of blocksAt(lines, line).filter((each) => each.indent < indent)) {
      around.unshift(group);
      indent = group.indent;
    }
  }
  return around;
}

function blocksAt(lines: readonly string[], at: number): Block[] {
  const [, space = '', , modifiers = ''] = block.exec(lines[at] ?? '') ?? [];
  const following = lines.slice(at).join('\n');
  const isOfMany = /\.(?:each|skipIf|runIf)\b/.test(modifiers);
  const [, , title = ''] = (isOfMany ? titleOfMany : plainTitle).exec(following) ?? [];
  // What is only known when the tests run, such as what the machine lacks, is left out.
  const plain = title.replace(/\$\{[^}]*\}/g, '').replace(/\\(.)/g, '$1');
  return [{ indent: space.length, modifiers, title: plain }];
}
