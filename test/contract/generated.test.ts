import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { settingsExample, settingsPage } from '../../src/settings/docs.js';
import { pagePath, requirementsPage } from '../standards/page.js';
import { sources } from '../standards/sources.js';
import { allTags } from '../standards/tags.js';

const committed = (path: string) => readFile(join(packageFolder, path), 'utf8');
const makeAnew = 'is not what `npm run generate` makes now';

it('the SDK is what the generator makes of the schema and the operations', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-generated-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(join(packageFolder, 'codegen.yml'), join(folder, 'codegen.yml'));
  await cp(join(packageFolder, 'schema'), join(folder, 'schema'), { recursive: true });
  await rm(join(folder, 'schema/sdk/generated'), { recursive: true });
  await symlink(join(packageFolder, 'node_modules'), join(folder, 'node_modules'));
  const bin = join(packageFolder, 'node_modules/.bin');
  await promisify(execFile)(join(bin, 'graphql-codegen'), ['--config', 'codegen.yml'], {
    cwd: folder,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  const path = 'schema/sdk/generated/graphql.ts';
  expect(await committed(path), `${path} ${makeAnew}`).toBe(await readFile(join(folder, path), 'utf8'));
});

it.each([
  ['docs/settings.md', settingsPage],
  ['.env.example', settingsExample],
])('%s is what the table of settings makes', async (path, make) => {
  expect(await committed(path), `${path} ${makeAnew}`).toBe(make());
});

it('docs/security/requirements.md is what `npm run standards` makes of the tags in the tests now', async () => {
  expect(await committed(pagePath)).toBe(requirementsPage(sources, await allTags()));
});

it.each(['schema/schema.graphql', 'schema/sdk/generated/graphql.ts', 'docs/settings.md', '.env.example'])(
  '%s names the command that makes it',
  async (path) => {
    expect((await committed(path)).split('\n').slice(0, 8).join('\n')).toContain('npm run generate');
  },
);
