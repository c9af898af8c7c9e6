import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { packageFolder } from '../../src/package-files.js';

export interface Import {
  /** The path of the importing file, from the root of the package. */
  readonly file: string;
  /** The imported file's path from the root of the package, or the name of the imported package. */
  readonly target: string;
  readonly isPackage: boolean;
  /** `type` imports are erased by the compiler; `dynamic` ones are loaded when they are called. */
  readonly kind: 'static' | 'type' | 'dynamic';
}

/** The TypeScript sources below these folders, from the root of the package; installed packages are none. */
export async function sourceFiles(...folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const exclude = (path: string) => /(?:^|\/)node_modules$/.test(path);
  for (const folder of folders) {
    for await (const file of glob(`${folder}/**/*.{ts,mts,mjs,js}`, { cwd: packageFolder, exclude })) files.push(file);
  }
  return files.filter((file) => !file.endsWith('.d.ts')).sort();
}

const statement = /^(?:import|export)\s+(type\s)?(?:([^;'"]*?)\s*from\s+)?['"]([^'"]+)['"]/gm;
const dynamic = /(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every import and re-export of a file. An import whose names are all marked `type` counts as a `type` import. */
export async function importsOf(file: string): Promise<Import[]> {
  const text = await readFile(join(packageFolder, file), 'utf8');
  const code = text.replace(/^\s*(?:\/\*\*?[\s\S]*?\*\/|\/\/.*)$/gm, '');
  const found: Import[] = [];
  const add = (from: string, kind: Import['kind']) => {
    const isPackage = !from.startsWith('.');
    const target = isPackage ? packageOf(from) : sourceOf(file, from);
    if (!from.startsWith('node:')) found.push({ file, target, isPackage, kind });
  };
  for (const [, type, names = '', from = ''] of code.matchAll(statement)) {
    const named = /^\{([\s\S]*)\}$/
      .exec(names.trim())?.[1]
      ?.split(',')
      .map((name) => name.trim());
    const isErased = named?.every((name) => name === '' || name.startsWith('type ')) && named.join('') !== '';
    add(from, type || isErased ? 'type' : 'static');
  }
  for (const [, isType, from = ''] of code.matchAll(dynamic)) add(from, isType ? 'type' : 'dynamic');
  return found;
}

function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

function sourceOf(file: string, from: string): string {
  return relative('.', resolve('.', dirname(file), from)).replace(/\.js$/, '.ts');
}
