import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canReadTree, closedFolder } from '../../../src/dev/postgres/server-user.js';
import { temporaryFolder } from '../helpers.js';

const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };
const ourselves = { name: 'we', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

describe('reach of another user', () => {
  it('ends at the first folder without x for the class of that user', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    expect(await closedFolder(join(folder, 'a', 'b'), stranger)).toBe(folder);
    expect(await closedFolder(join(folder, 'a', 'b'), ourselves)).toBeUndefined();
    await chmod(folder, 0o711);
    await chmod(join(folder, 'a'), 0o755);
    await chmod(join(folder, 'a', 'b'), 0o711);
    expect(await closedFolder(join(folder, 'a', 'b'), stranger)).toBeUndefined();
    await chmod(join(folder, 'a'), 0o744);
    expect(await closedFolder(join(folder, 'a', 'b'), stranger)).toBe(join(folder, 'a'));
  });

  it('goes by the owner alone for the owner, and by the group alone for the group', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o077);
    expect(await closedFolder(folder, ourselves)).toBe(folder);
    await chmod(folder, 0o707);
    expect(await closedFolder(folder, { ...ourselves, uid: stranger.uid })).toBe(folder);
    expect(await closedFolder(folder, stranger)).toBeUndefined();
    await chmod(folder, 0o700);
  });

  it('covers every file of a tree, and running of programs', async () => {
    const folder = await temporaryFolder();
    const program = join(folder, 'bin', 'postgres');
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'bin'));
    await chmod(join(folder, 'bin'), 0o755);
    await writeFile(program, '');
    await chmod(program, 0o755);
    expect(await canReadTree(folder, stranger)).toBe(true);
    await chmod(program, 0o744);
    expect(await canReadTree(folder, stranger)).toBe(false);
    await chmod(program, 0o700);
    expect(await canReadTree(folder, stranger)).toBe(false);
  });
});
