import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../../src/package-files.js';
import { killAll } from '../../support/processes.js';
import { themes } from './attacks/all.js';
import { contestants } from './contestants.js';
import { type Column, inMarkdown } from './document.js';
import { openLab } from './lab.js';
import type { Cell, Contestant, Lab, Peer, PeerAttack, PeerOptions } from './peer.js';

const run = promisify(execFile);
const here = join(packageFolder, 'test/attacks/peers');

/** Installs a peer's packages from its lock file, without their scripts, if they are missing. */
async function install({ folder }: Contestant): Promise<void> {
  if (!folder || existsSync(join(here, folder, 'node_modules'))) return;
  print(`installs ${folder}`);
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: join(here, folder) });
}

async function tryOut(attack: PeerAttack, peer: Peer, contestant: Contestant, lab: Lab): Promise<Cell> {
  const again = (options: PeerOptions) => contestant.start(lab, options);
  try {
    return await attack.run(peer, again, contestant.shortest);
  } catch (error) {
    return { kind: 'unfinished', seen: String(error).slice(0, 200) };
  }
}

async function attackOne(contestant: Contestant, lab: Lab, only: string): Promise<Column> {
  await install(contestant);
  const began = Date.now();
  let peer = await contestant.start(lab);
  const startMs = Date.now() - began;
  const cells: Record<string, Cell> = {};
  try {
    for (const attack of Object.values(themes).flat()) {
      if (!attack.title.toLowerCase().includes(only)) continue;
      const before = Date.now();
      let cell = await tryOut(attack, peer, contestant, lab);
      if (!(await isAlive(peer))) {
        cell = { kind: 'does not hold', seen: `the process ended: ${cell.seen}` };
        await peer.close();
        peer = await contestant.start(lab);
      }
      cells[attack.title] = cell;
      print(`${contestant.name}: ${cell.kind}: ${attack.title}: ${cell.seen} (${Date.now() - before} ms)`);
    }
  } finally {
    await peer.close();
  }
  const { name } = contestant;
  const at = new Date().toISOString();
  return { name, at, node: process.versions.node, cells, startMs, ms: Date.now() - began };
}

function isAlive(peer: Peer): Promise<boolean> {
  return peer.send({ method: 'GET', path: '/' }).then(
    () => true,
    () => false,
  );
}

/** Where the columns of the last runs are kept. */
const kept = join(packageFolder, 'dist/peers/columns');

async function write(): Promise<void> {
  const files = contestants.map(({ name }) => join(kept, `${name}.json`));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) return print(`docs/security/peers.md waits for the columns ${missing.join(' and ')}`);
  const columns = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Column));
  await writeFile(join(packageFolder, 'docs/security/peers.md'), inMarkdown(columns));
}

/** `npm run attack:peers [-- <part of a peer's name> [<part of a title>]]`; with a part of a title nothing is written. */
async function main(): Promise<number> {
  const [name = '', only = ''] = process.argv.slice(2).map((each) => each.toLowerCase());
  const columns: Column[] = [];
  const lab = await openLab();
  try {
    await mkdir(kept, { recursive: true });
    for (const contestant of contestants) {
      if (!contestant.name.toLowerCase().includes(name)) continue;
      const column = await attackOne(contestant, lab, only);
      columns.push(column);
      if (!only) await writeFile(join(kept, `${contestant.name}.json`), JSON.stringify(column));
    }
  } finally {
    await killAll();
    await lab.close();
  }
  if (!only) await write();
  return columns.some(({ cells }) => Object.values(cells).some(({ kind }) => kind === 'unfinished')) ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
