import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/package-files.js';
import { type Accounts, type AppUser, type Original, type Written, wantedUsers } from './original.js';
import { Program, type ProgramFile } from './program.js';

interface ProgrammedSetup {
  readonly name: string;
  readonly program: ProgramFile;
  /** What has to be installed; undefined if it is. */
  readonly missing: string | undefined;
  readonly accounts: Accounts;
  /** `bcrypt` by default. */
  readonly hashes?: Original['hashes'];
  readonly alsoReads?: readonly Written[];
  readonly pepper?: string;
}

/** An original that a program of its language runs: see `Program`. It is started once for each database. */
export class Programmed implements Original {
  readonly name: string;
  readonly isInstalled: boolean;
  readonly whyNot: string;
  readonly accounts: Accounts;
  readonly hashes: Original['hashes'];
  readonly alsoReads: readonly Written[];
  readonly pepper: string | undefined;
  readonly #programs = new Map<string, Program>();

  constructor(private readonly setup: ProgrammedSetup) {
    this.name = setup.name;
    this.isInstalled = setup.missing === undefined;
    this.whyNot = setup.missing === undefined ? '' : ` (needs ${setup.missing})`;
    this.accounts = setup.accounts;
    this.hashes = setup.hashes ?? 'bcrypt';
    this.alsoReads = setup.alsoReads ?? [];
    this.pepper = setup.pepper;
  }

  async makeSchema(databaseUrl: string): Promise<void> {
    await this.#program(databaseUrl).call('schema');
  }

  async makeUsers(databaseUrl: string, count: number): Promise<readonly AppUser[]> {
    const users = wantedUsers(count);
    const stored = await this.#program(databaseUrl).call<string[]>('users', { users });
    return users.map(({ password }, at) => ({ address: stored[at] ?? '', password }));
  }

  verify(databaseUrl: string, address: string, password: string): Promise<boolean> {
    return this.#program(databaseUrl).call<boolean>('verify', { address, password });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#programs.values()].map((each) => each.close()));
    this.#programs.clear();
  }

  #program(databaseUrl: string): Program {
    const program = this.#programs.get(databaseUrl) ?? new Program(this.setup.program, databaseUrl, this.pepper);
    this.#programs.set(databaseUrl, program);
    return program;
  }
}

/** The path of a file in this folder. */
export function inFolder(path: string): string {
  return join(packageFolder, 'test/adoption', path);
}

/** A program for Node. @returns it, and what is missing. @param folder of the package, from the root. */
export function nodeProgram(file: string, folder: string, name: string): Pick<ProgrammedSetup, 'program' | 'missing'> {
  const isThere = existsSync(join(packageFolder, folder, 'node_modules', name, 'package.json'));
  const program = { command: [process.execPath], file: inFolder(file) };
  return { program, missing: isThere ? undefined : `\`npm ci\` in ${folder}` };
}

/**
 * A program for an interpreter of Debian.
 *
 * @param check options of the interpreter that succeed if it has what the program loads.
 * @param packages what to install otherwise.
 */
export function debianProgram(
  file: string,
  command: readonly string[],
  check: readonly string[],
  packages: string,
): Pick<ProgrammedSetup, 'program' | 'missing'> {
  const [interpreter = '', ...flags] = command;
  const isThere = spawnSync(interpreter, [...flags, ...check], { stdio: 'ignore' }).status === 0;
  return { program: { command, file: inFolder(file) }, missing: isThere ? undefined : `Debian's ${packages}` };
}
