import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema, type FieldNode, Kind, parse } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { packageFolder } from '../../src/package-files.js';

const built = join(packageFolder, 'dist/schema/sdk');
const schema = buildSchema(await readFile(join(packageFolder, 'schema/schema.graphql'), 'utf8'));
const rootFields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
  Object.keys(type?.getFields() ?? {}),
);

async function operationsByHand() {
  const fields: FieldNode[] = [];
  for await (const path of glob(join(packageFolder, 'schema/operations/*.graphql'))) {
    for (const definition of parse(await readFile(path, 'utf8')).definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      fields.push(...definition.selectionSet.selections.filter((each) => each.kind === Kind.FIELD));
    }
  }
  return fields;
}

it('has one operation and one method for every field of Query and Mutation', async () => {
  const operations = await operationsByHand();
  expect(operations.map((field) => field.name.value).sort()).toEqual([...rootFields].sort());
  expect(Object.keys(createLatchkeyClient({ url: 'http://localhost' })).sort()).toEqual([...rootFields].sort());
});

it('calls with each method the field of its name, and hands out its value', async () => {
  const client = createLatchkeyClient({
    url: 'http://localhost',
    fetch: async (_url, init) => {
      const { query } = JSON.parse(String(init?.body)) as { query: string };
      const [operation] = parse(query).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
      const field = operation?.selectionSet.selections[0] as FieldNode;
      return Response.json({ data: { [field.name.value]: `value of ${field.name.value}` } });
    },
  });
  for (const [name, method] of Object.entries(client)) {
    expect(await (method as (input: unknown) => Promise<unknown>)({})).toBe(`value of ${name}`);
  }
});

it.each([
  [503, { errors: [{ extensions: { code: 'TEMPORARILY_UNAVAILABLE' } }] }, 'unavailable'],
  [503, 'a proxy without a server behind it', 'unavailable'],
  [200, { errors: [{ extensions: { code: 'TEMPORARILY_UNAVAILABLE' } }], data: null }, 'unavailable'],
  [400, { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }, 'refused'],
  [413, 'too large', 'refused'],
  [200, { errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }], data: null }, 'failed'],
  [500, 'a crash', 'failed'],
  [200, 'no JSON at all', 'failed'],
])('says how a call ended that has no result: HTTP %i, %j', async (status, body, kind) => {
  const answer = typeof body === 'string' ? body : JSON.stringify(body);
  const client = createLatchkeyClient({ url: 'http://127.0.0.1', fetch: async () => new Response(answer, { status }) });
  await expect(client.me()).rejects.toMatchObject({ name: 'LatchkeyRequestError', kind, status });
});

it('imports nothing but its own files', async () => {
  expect(existsSync(join(built, 'client.js')), 'run `npm run build` first').toBe(true);
  const seen = new Set<string>();
  const walk = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = await readFile(file, 'utf8');
    for (const [, from] of text.matchAll(/(?:\bfrom|\bimport\(?|\brequire\()\s*['"]([^'"]+)['"]/g)) {
      expect(from, file).toMatch(/^\.\.?\//);
      const target = resolve(dirname(file), from ?? '');
      expect(target.startsWith(built), `${file} imports ${from}`).toBe(true);
      await walk(file.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target);
    }
  };
  await walk(join(built, 'client.js'));
  await walk(join(built, 'client.d.ts'));
  expect(seen.size).toBe(7);
});

describe('in a TypeScript project that has nothing installed', () => {
  const branches = {
    PasswordResetCompleted: 'return outcome.signInUrl ?? "done";',
    InvalidResetKey: 'return outcome.reason === "EXPIRED" ? outcome.message : outcome.code;',
    PasswordRejected: 'return outcome.violations.map(({ rule, limit }) => rule + (limit ?? 0)).join();',
    TooManyRequests: 'return String(outcome.retryAfterSeconds + 1);',
    TemporarilyUnavailable: 'return String(outcome.retryAfterSeconds + 1);',
  };
  const program = (cases: Record<string, string>, more = '') => `
    import { createLatchkeyClient, LatchkeyRequestError, type ResetPasswordInput } from '../sdk/client.js';
    const client = createLatchkeyClient({ url: 'https://recover.example.com', accessToken: () => undefined });
    export async function reset(input: ResetPasswordInput): Promise<string> {
      const outcome = await client.resetPassword(input).catch((error: unknown) => {
        throw error instanceof LatchkeyRequestError ? new Error(error.kind) : error;
      });
      switch (outcome.__typename) {
        ${Object.entries(cases)
          .map(([name, body]) => `case '${name}': ${body}`)
          .join('\n')}
        default: { const never: never = outcome; return never; }
      }
    }
    ${more}`;
  const without = (name: string) => Object.fromEntries(Object.entries(branches).filter(([each]) => each !== name));

  const mistakes: [what: string, source: string, error: RegExp][] = [
    ...Object.keys(branches).map((name): [string, string, RegExp] => {
      return [`a forgotten ${name}`, program(without(name)), /TS2322: .*not assignable to type 'never'/];
    }),
    ['an outcome that does not exist', program({ ...branches, PasswordReset: 'return "";' }), /TS2678/],
    [
      'a field of another outcome',
      program({ ...branches, InvalidResetKey: 'return String(outcome.violations);' }),
      /TS2339: Property 'violations'/,
    ],
    [
      'an input without the key',
      program(branches, "void client.resetPassword({ password: '' });"),
      /TS2741: Property 'key' is missing/,
    ],
  ];
  let errors: string[];
  const errorsOf = (file: string) => errors.filter((line) => line.startsWith(`src/${file}.ts`));

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-sdk-'));
    await cp(built, join(folder, 'sdk'), { recursive: true });
    await mkdir(join(folder, 'src'));
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      types: [],
      noEmit: true,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(join(folder, 'src/good.ts'), program(branches));
    for (const [index, [, source]] of mistakes.entries()) {
      await writeFile(join(folder, `src/mistake-${index}.ts`), source);
    }
    const compiler = join(packageFolder, 'node_modules/.bin/tsc');
    const output = await promisify(execFile)(compiler, ['-p', folder, '--pretty', 'false'], { cwd: folder }).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    errors = output.split('\n').filter((line) => line !== '');
    await rm(folder, { recursive: true, force: true });
  });

  it('compiles strictly with an exhaustive switch, its declarations included', () => {
    expect(errorsOf('good')).toEqual([]);
    expect(errors.filter((line) => !/^(?:src\/mistake-|\s)/.test(line))).toEqual([]);
  });

  it.each(mistakes.map(([what, , error], index) => ({ what, error, file: `mistake-${index}` })))(
    'is told of $what',
    ({ file, error }) => {
      expect(errorsOf(file)).toEqual([expect.stringMatching(error)]);
    },
  );
});
