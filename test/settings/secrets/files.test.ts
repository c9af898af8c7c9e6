import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsSeen } from '../../../src/settings/docs.js';
import { readSettings } from '../../../src/settings/settings.js';
import { settingsTable } from '../../../src/settings/table.js';
import { ed25519, faultsOf, pem, production, settingsWith } from '../environments.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-secrets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileWith(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `f${Math.round(performance.now() * 1e6)}`);
  await writeFile(path, content);
  return path;
}

describe('a secret in a file', () => {
  it('is read for every secret setting', async () => {
    const secrets = Object.entries(settingsTable).flatMap(([name, row]) => ('secret' in row ? [name] : []));
    const inFiles: Record<string, string | undefined> = { ...production };
    for (const name of secrets) {
      const value = inFiles[name];
      if (!value) continue;
      inFiles[`${name}_FILE`] = await fileWith(`${value}\n`);
      delete inFiles[name];
    }
    expect(readSettings(inFiles, 'worker')).toEqual(settingsWith({}, 'worker'));
    const seen = settingsSeen(inFiles);
    expect(seen).toMatch(/^SECRET +\(in a file, not shown\)$/m);
    for (const name of secrets) expect(faultsOf({ [`${name}_FILE`]: '/x', [name]: 'x' })).toHaveProperty(name);
  });

  it.each([
    ['no line end', production.SECRET],
    ['a line end', `${production.SECRET}\n`],
    ['a Windows line end', `${production.SECRET}\r\n`],
    ['a byte order mark', `\uFEFF${production.SECRET}\n`],
  ])('with %s', async (_what, content) => {
    expect(settingsWith({ SECRET: undefined, SECRET_FILE: await fileWith(content) }).secrets).toEqual([
      production.SECRET,
    ]);
  });

  it('may hold several lines', async () => {
    const settings = settingsWith({ ACCESS_TOKEN_SIGNING_KEY: '', ACCESS_TOKEN_SIGNING_KEY_FILE: await fileWith(pem) });
    expect(settings.accounts.accessToken.signingKeys[0]?.equals(ed25519)).toBe(true);
  });

  it('beside the setting itself is refused', async () => {
    expect(faultsOf({ SECRET_FILE: await fileWith(production.SECRET) })).toEqual({
      SECRET: 'is set, and so is SECRET_FILE; allowed: one of the two',
    });
  });

  const fromFile = async (content: string | Uint8Array) =>
    faultsOf({ SECRET: undefined, SECRET_FILE: await fileWith(content) });
  it.each([
    ['nothing', '', /it is empty/],
    ['blanks', ' \n\n', /it is empty/],
    [
      'random bytes as they are',
      Uint8Array.of(...Array.from({ length: 32 }, (_, at) => 255 - at)),
      /not text .*base64/,
    ],
    ['too much', 'x'.repeat(70_000), /longer than 65536 bytes/],
  ])('is refused where the file holds %s', async (_what, content, words) => {
    const faults = await fromFile(content);
    expect(Object.keys(faults)).toEqual(['SECRET_FILE']);
    expect(faults.SECRET_FILE).toMatch(words);
    expect(faults.SECRET_FILE).toContain(folder);
  });

  it('that is weak is refused under the setting’s name and never shown', async () => {
    const faults = await fromFile('hunter2hunter2');
    expect(faults.SECRET).toMatch(/^allowed: at least 32 bytes/);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });

  it('that cannot be read is named with its path', async () => {
    await mkdir(join(folder, 'folder'));
    const ways = { '/run/secrets/missing': 'ENOENT', [join(folder, 'folder')]: 'EISDIR', './missing.txt': 'ENOENT' };
    for (const [path, code] of Object.entries(ways)) {
      const { SECRET_FILE, ...others } = faultsOf({ SECRET: undefined, SECRET_FILE: path });
      expect(SECRET_FILE).toBe(
        `was "${path}"; allowed: a file with the value of SECRET, but it cannot be read (${code})`,
      );
      expect(others).toEqual({});
    }
  });

  it.each([
    production.SECRET,
    'hunter2',
    'postgres://latchkey:hunter2@db.example/latchkey',
    `/${'Ab3xQ9pLw4Rz8TbY6mHc3JdF5sGa1E7Vn2x+4Rz8TbY='}`,
    pem,
    `{"kty":"OKP","d":"hunter2"}`,
    '/x\u0000hunter2',
  ])('never shows what may be the secret itself, given as the file', (value) => {
    const text = JSON.stringify(faultsOf({ SECRET: undefined, SECRET_FILE: value }));
    expect(text).toMatch(/SECRET_FILE.*is not shown; allowed: a file/);
    expect(text).not.toContain(value.slice(-12));
    expect(settingsSeen({ SECRET_FILE: value })).not.toContain(value.slice(-12));
  });
});
