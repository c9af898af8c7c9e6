import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startOf } from './processes.js';

interface Owner {
  readonly pid: number;
  /** See `startOf`; missing where the system does not provide it. */
  readonly start?: string;
}

/** The folder is locked by another live process. */
export class DevFolderTaken extends Error {
  constructor(path: string, pid: number) {
    super(
      `The folder ${path} is in use by process ${pid}. Stop that process first (kill ${pid}), or use another folder.`,
    );
    this.name = 'DevFolderTaken';
  }
}

/** The folder in which `latchkey dev` keeps its data; one process at a time holds its lock. */
export class DevFolder {
  private constructor(
    /** Absolute, without symbolic links. */
    readonly path: string,
    private readonly claim: string,
  ) {}

  /**
   * Creates the folder if it is missing and takes its lock; the lock of a process that has ended is taken over.
   *
   * @throws DevFolderTaken if a live process holds the lock
   * @throws Error if the folder belongs to another user
   */
  static async open(path: string): Promise<DevFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const folder = await realpath(path);
    // If root starts this, PostgreSQL runs as another user, who must be able to enter the folder.
    await chmod(folder, process.getuid?.() === 0 ? 0o711 : 0o700).catch((error: Error) => {
      throw new Error(`The folder ${folder} belongs to another user: use another folder, or remove it`, {
        cause: error,
      });
    });
    const start = await startOf(process.pid);
    const owner: Owner = { pid: process.pid, ...(start === undefined ? {} : { start }) };
    const claim = JSON.stringify({ ...owner, nonce: randomBytes(8).toString('hex') });
    await takeLock(folder, claim);
    return new DevFolder(folder, claim);
  }

  /**
   * Values for the settings SECRET (32 random bytes, base64url) and ACCESS_TOKEN_SIGNING_KEY (Ed25519 private key,
   * PKCS#8 PEM). They are made once and then kept in the folder.
   *
   * @throws Error if the file is damaged or cannot be read or written
   */
  async secrets(): Promise<{ secret: string; signingKey: string }> {
    const file = join(this.path, 'secrets.json');
    const kept = await readIfThere(file);
    if (kept !== undefined) return parseSecrets(file, kept);
    const secrets = {
      secret: randomBytes(32).toString('base64url'),
      signingKey: generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
    await writeFile(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    return secrets;
  }

  /** Releases the lock. May be called again. */
  async close(): Promise<void> {
    const lock = join(this.path, 'lock');
    if ((await readIfThere(lock)) === this.claim) await rm(lock, { force: true });
  }
}

async function takeLock(folder: string, claim: string): Promise<void> {
  const lock = join(folder, 'lock');
  const written = join(folder, `lock.${randomBytes(8).toString('hex')}`);
  // The lock is made as a hard link, so it appears with its whole content, or not at all if there is a lock already.
  await writeFile(written, claim);
  try {
    while (!(await appears(written, lock))) {
      const held = await readIfThere(lock);
      if (held === undefined) continue;
      const pid = await liveOwner(held);
      if (pid !== undefined) throw new DevFolderTaken(folder, pid);
      if (await replaceDead(lock, held, written)) return;
    }
  } finally {
    await rm(written, { force: true });
  }
}

async function appears(written: string, lock: string): Promise<boolean> {
  try {
    await link(written, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function liveOwner(held: string): Promise<number | undefined> {
  const owner = parseOwner(held);
  if (!owner || !isAlive(owner.pid)) return undefined;
  return owner.start === undefined || owner.start === (await startOf(owner.pid)) ? owner.pid : undefined;
}

/**
 * Replaces the lock of a process that has ended by ours. If several processes find the same dead owner, only the one
 * that creates `lock.takeover` may replace it. It reads the lock once more first, because another may have replaced it
 * already.
 *
 * @returns whether the lock is ours now.
 */
async function replaceDead(lock: string, dead: string, written: string): Promise<boolean> {
  const takeover = `${lock}.takeover`;
  if (!(await appears(written, takeover))) {
    const other = await readIfThere(takeover);
    if (other !== undefined && (await liveOwner(other)) === undefined) await rm(takeover, { force: true });
    await sleep(5);
    return false;
  }
  try {
    if ((await readIfThere(lock)) !== dead) return false;
    await rename(written, lock);
    return true;
  } finally {
    await rm(takeover, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function parseOwner(held: string): Owner | undefined {
  try {
    const owner = JSON.parse(held) as Owner;
    return Number.isInteger(owner.pid) && owner.pid > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}

function parseSecrets(file: string, text: string): { secret: string; signingKey: string } {
  try {
    const { secret, signingKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof secret === 'string' && typeof signingKey === 'string') return { secret, signingKey };
  } catch {
    // Reported below: a parser's message would repeat the secrets.
  }
  throw new Error(`${file} is damaged: remove it to have new secrets made (sessions and reset keys then end)`);
}
