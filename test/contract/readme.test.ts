import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';

const read = (path: string) => readFileSync(join(packageFolder, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

let pages: string[];
beforeAll(async () => {
  pages = [];
  const ignored = (path: string) => /(?:^|\/)(?:node_modules|dist|\.latchkey)$/.test(path);
  for await (const page of glob('**/*.md', { cwd: packageFolder, exclude: ignored })) pages.push(page);
});

/** The lines of code spans and code blocks. Prose is left out, since "latchkey" is no command there. */
function codeIn(page: string): string[] {
  return [...read(page).matchAll(/^```[^\n]*\n([\s\S]*?)^```|`([^`\n]+)`/gm)].flatMap(([, block, span]) =>
    (block ?? span ?? '').split('\n'),
  );
}

it('the README begins with the two commands: one to see it run, one to see it pass', () => {
  expect(read('README.md')).toMatch(/^npm ci && npm start$/m);
  expect(read('README.md')).toMatch(/^npm ci && npm test$/m);
  expect(manifest.scripts).toMatchObject({ start: expect.any(String), test: expect.any(String) });
});

it('the README and the documents lead to how to contribute and to what changed', () => {
  for (const page of ['README.md', 'docs/README.md']) {
    for (const target of ['CONTRIBUTING.md', 'CHANGELOG.md']) expect(read(page), page).toContain(`${target})`);
  }
  expect(read('CHANGELOG.md')).toMatch(/^## Unreleased$/m);
  expect(read('CONTRIBUTING.md').match(/^\*\*A .+?\*\*/gm)?.length).toBeGreaterThan(5);
});

it('every npm script that a page names exists', () => {
  const named = pages.flatMap((page) =>
    codeIn(page).flatMap((code) =>
      [...code.matchAll(/\bnpm (?:run (?:-\S+ )*)([\w:-]+)/g)].map(([, name]) => ({ page, name })),
    ),
  );
  expect(named.filter(({ name }) => !(manifest.scripts && (name ?? '') in manifest.scripts))).toEqual([]);
});

describe('every command that a page names exists', () => {
  const main = join(packageFolder, 'dist/latchkey.js');
  const commandsIn = (...of: string[]) => {
    const { stdout } = spawnSync(process.execPath, [main, ...of, '--help'], { encoding: 'utf8' });
    const list = stdout.split(/^Commands:\n/m)[1] ?? '';
    return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name ?? '');
  };

  it('with the subcommand that follows', () => {
    expect(existsSync(main), 'run `npm run build` first').toBe(true);
    const commands = commandsIn();
    expect(commands).toEqual(expect.arrayContaining(['dev', 'api', 'worker', 'migrate', 'settings']));
    const known = new Map(commands.filter((name) => name !== 'help').map((name) => [name, commandsIn(name)]));
    const wrong = pages.flatMap((page) =>
      codeIn(page).flatMap((code) =>
        [...code.matchAll(/(?:^|[\s(])(?:npx )?(?:latchkey|main\.js) ([a-z][\w-]*)(?: ([a-z][\w-]*))?/g)]
          .filter(([, command = '', sub]) => {
            const subcommands = known.get(command);
            return !subcommands || (sub && subcommands.length > 0 && !subcommands.includes(sub));
          })
          .map(([text]) => `${page}: ${text.trim()}`),
      ),
    );
    expect(wrong).toEqual([]);
    // Each command is a process of its own, and the machine may be busy.
  }, 120_000);
});

it('every relative link of a page leads somewhere', () => {
  const anchors = (page: string) =>
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    );
  const broken = pages.flatMap((page) => {
    const prose = read(page).replace(/^```[\s\S]*?^```/gm, '');
    return [...prose.matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, path = '', anchor]) => {
        const target = path === '' ? page : relative(packageFolder, resolve(packageFolder, dirname(page), path));
        if (!existsSync(join(packageFolder, target))) return true;
        return anchor !== undefined && target.endsWith('.md') && !anchors(target).includes(anchor);
      })
      .map(([link]) => `${page}: ${link}`);
  });
  expect(broken).toEqual([]);
});

describe('an install', () => {
  it('pins every direct dependency exactly', () => {
    const direct = { ...manifest.dependencies, ...manifest.devDependencies };
    const exact = /^(?:npm:[a-z-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/;
    expect(Object.entries(direct).filter(([, version]) => !exact.test(version))).toEqual([]);
    const root = (JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> })
      .packages[''];
    expect({ ...(root?.dependencies as object), ...(root?.devDependencies as object) }).toEqual(direct);
  });

  it('asks whatever registry the machine is set to: the lock file holds no download addresses', () => {
    const lock = read('package-lock.json');
    expect(lock).not.toContain('"resolved"');
    expect(lock.match(/"integrity": "sha512-/g)?.length).toBeGreaterThan(300);
  });
});

it('no file holds a path of the machine that it was written on', () => {
  const inGit = (...options: string[]) =>
    execFileSync('git', ['ls-files', '-z', ...options], { cwd: packageFolder, encoding: 'utf8' }).split('\0');
  const files = [...inGit('--cached'), ...inGit('--others', '--exclude-standard')].filter(
    (file) => file !== '' && existsSync(join(packageFolder, file)),
  );
  expect(files.length).toBeGreaterThan(100);
  // Joined at run time, so that this file does not contain such paths itself.
  const paths = new RegExp(`(?<![\\w.-])/(?:${['work', 'farm', 'root'].join('|')})/`);
  const found = files.flatMap((file) =>
    readFileSync(join(packageFolder, file), 'latin1')
      .split('\n')
      .flatMap((line, index) => (paths.test(line) ? [`${file}:${index + 1}`] : [])),
  );
  expect(found).toEqual([]);
});
