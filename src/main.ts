#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { coresOfQuota } from './settings/cores.js';

const least = [22, 17] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < least[0] || (major === least[0] && minor < least[1])) {
  process.stderr.write(
    `Latchkey needs Node ${least.join('.')} or newer, this is ${process.versions.node}; \`npm start\` brings its own\n`,
  );
  process.exit(1);
}

// Only `dev` reads `.env`; in production settings come from the environment alone.
if (process.argv[2] === 'dev' && existsSync('.env')) process.loadEnvFile('.env');

// libuv reads the size of its thread pool from the environment once, before our code runs, so the process replaces
// itself with the right size set. Hashing must not take the threads that DNS and files need: four of them, and two for
// the lanes of foreign hashes. glibc reads its number of arenas at the same time: with an arena for each thread, each
// arena keeps the 19 MiB of its last hash (measured with two arenas: 38 MiB less).
if (!process.env.UV_THREADPOOL_SIZE && typeof process.execve === 'function' && process.platform !== 'win32') {
  const hashing = Number(process.env.HASH_CONCURRENCY) || coresOfQuota();
  const environment = {
    MALLOC_ARENA_MAX: '2',
    ...process.env,
    UV_THREADPOOL_SIZE: String(Math.min(hashing, 64) + 6),
  };
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], environment);
}

await import('reflect-metadata');
const { run } = await import('./commands/command-line.js');
await run(process.argv);
