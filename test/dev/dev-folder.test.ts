import { createPrivateKey } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DevFolder, DevFolderTaken } from '../../src/dev/dev-folder.js';
import { isRoot, killHard, startOwner, temporaryFolder } from './helpers.js';

describe('development folder', () => {
  it('is held by one process at a time, and free again after close', async () => {
    const path = join(await temporaryFolder(), 'dev');
    const folder = await DevFolder.open(path);
    await expect(DevFolder.open(path)).rejects.toThrow(DevFolderTaken);
    await expect(DevFolder.open(path)).rejects.toThrow(`in use by process ${process.pid}`);
    await folder.close();
    await folder.close();
    expect(await readdir(path)).toEqual([]);
    const next = await DevFolder.open(path);
    await folder.close();
    await expect(DevFolder.open(path), 'an earlier holder must not release it').rejects.toThrow(DevFolderTaken);
    await next.close();
  });

  it('names the process that holds it, and is taken over when that was killed', async () => {
    const path = join(await temporaryFolder(), 'dev');
    const owner = await startOwner('folder', path);
    await expect(DevFolder.open(path)).rejects.toThrow(`in use by process ${owner.child.pid}. Stop that process`);
    await killHard(owner);
    const folder = await DevFolder.open(path);
    expect(await readdir(path)).toEqual(['lock']);
    await folder.close();
  });

  it('is taken over when the process id belongs to another process by now, or the lock is damaged', async () => {
    const path = join(await temporaryFolder(), 'dev');
    await (await DevFolder.open(path)).close();
    for (const lock of [JSON.stringify({ pid: process.ppid, start: 'an earlier boot 1' }), '', '{"pid":-1}']) {
      await writeFile(join(path, 'lock'), lock);
      await (await DevFolder.open(path)).close();
    }
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: process.ppid }));
    await expect(DevFolder.open(path)).rejects.toThrow(DevFolderTaken);
  });

  it('goes to exactly one of many that open it at the same time', async () => {
    const path = join(await temporaryFolder(), 'dev');
    await (await DevFolder.open(path)).close();
    for (let round = 0; round < 20; round += 1) {
      if (round % 2 === 0) await writeFile(join(path, 'lock'), JSON.stringify({ pid: process.pid, start: 'dead' }));
      const opened = await Promise.allSettled(Array.from({ length: 8 }, () => DevFolder.open(path)));
      const holders = opened.filter((each) => each.status === 'fulfilled');
      expect(holders).toHaveLength(1);
      await holders[0]?.value.close();
    }
  });

  it('makes secrets once and keeps them from others', async () => {
    const path = join(await temporaryFolder(), 'dev');
    const folder = await DevFolder.open(path);
    const secrets = await folder.secrets();
    expect(Buffer.from(secrets.secret, 'base64url')).toHaveLength(32);
    expect(createPrivateKey(secrets.signingKey).asymmetricKeyType).toBe('ed25519');
    expect(secrets.signingKey).toContain('BEGIN PRIVATE KEY');
    await folder.close();

    const again = await DevFolder.open(path);
    expect(await again.secrets()).toEqual(secrets);
    expect((await stat(join(path, 'secrets.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(path)).mode & 0o777).toBe(isRoot ? 0o711 : 0o700);
    await writeFile(join(path, 'secrets.json'), '{"secret":"abc');
    await expect(again.secrets()).rejects.toThrow(/secrets.json is damaged: remove it/);
    await again.close();
  });
});
