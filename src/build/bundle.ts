import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { buildFolder, packageFolder } from '../package-files.js';
import { bundlePage } from './bundle-page.js';

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Packages with compiled parts, which they look for beside themselves. */
const native = ['argon2', 'bcrypt'];
/** Optional packages that dependencies try to load, and that nobody installs here. */
const absent = ['class-validator', 'pg-native'];

/**
 * A step of `npm run build`: writes `dist/latchkey.js`, the program with the packages that it needs in a few files. Node
 * reads 1,200 files otherwise, which is half of the time from a start to the first answer. Nothing is minified; names stay,
 * so that stacks and logs can be read. Development dependencies stay outside and are loaded where they are installed.
 *
 * @throws Error of rolldown when the program cannot be put together.
 */
async function bundle(): Promise<void> {
  const { devDependencies } = JSON.parse(await readFile(`${packageFolder}package.json`, 'utf8')) as Manifest;
  const outside = [...native, ...absent, ...Object.keys(devDependencies)];
  await rm(join(buildFolder, 'chunks'), { recursive: true, force: true });
  const build = await rolldown({
    input: { latchkey: join(buildFolder, 'src/main.js') },
    platform: 'node',
    external: outside.map((name) => new RegExp(`^${name}(?:/|$)`)),
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  try {
    const { output } = await build.write({
      dir: buildFolder,
      format: 'esm',
      keepNames: true,
      chunkFileNames: 'chunks/[name]-[hash].js',
    });
    const files = output.flatMap((each) => (each.type === 'chunk' ? each.moduleIds : []));
    await writeFile(join(buildFolder, 'chunks/LICENCES.txt'), await licencesOf(packagesOf(files)));
  } finally {
    await build.close();
  }
}

/** The folders of the packages that these files are of. */
function packagesOf(files: readonly string[]): string[] {
  const folders = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

/** The texts of their licences, which ask to stay with every copy. */
async function licencesOf(folders: readonly string[]): Promise<string> {
  const texts = folders.map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file)).sort();
    const found = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return [`${name} ${version} (${license})`, ...found.map((text) => text.trim())].join('\n\n');
  });
  return `${(await Promise.all(texts)).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

await Promise.all([bundle(), bundlePage()]);
