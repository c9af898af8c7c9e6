// `npm start` and `npm run dev`: what can be known before a build is told before it, and what did not change since the last
// start is not built again. It runs before there is a build, hence no TypeScript.
'use strict';

require('./node-version.cjs');
const { spawn, spawnSync } = require('node:child_process');
const { existsSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } = require('node:fs');
const { createServer } = require('node:net');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const program = join(root, 'dist/latchkey.js');
const stamp = join(root, 'dist/built-from.json');
const inputs = ['src', 'schema', 'templates', 'migrations', 'package.json', 'package-lock.json', 'tsconfig.json'];
const isWatching = process.argv[2] === '--watch';
const given = process.argv.slice(isWatching ? 3 : 2);

void main();

async function main() {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const taken = await takenPort(process.env.PORT || '4000', process.env.HOST || '127.0.0.1');
  if (taken) {
    process.stderr.write(`latchkey: ${taken}\n`);
    process.exit(1);
  }
  if (!build()) process.exit(1);
  if (isWatching) return stayCurrent();
  process.argv.splice(1, process.argv.length, program, 'dev', ...given);
  await import(program);
}

/** @returns what to say if another program has the port; nothing where that is only seen later, when it is listened on. */
async function takenPort(port, host) {
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return undefined;
  const error = await new Promise((known) => {
    const probe = createServer().once('error', known);
    probe.listen(Number(port), host, () => probe.close(() => known(undefined)));
  });
  if (error?.code !== 'EADDRINUSE') return undefined;
  const owner = ownerOf(join(process.cwd(), '.latchkey/lock'));
  if (owner) return `it runs already, as process ${owner}: stop that first (kill ${owner})`;
  return `port ${port} is taken by another program; stop it, or choose another port: PORT=${Number(port) + 1} npm start`;
}

function ownerOf(lock) {
  try {
    const { pid } = JSON.parse(readFileSync(lock, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/** Builds if something changed. @returns whether the program is there. */
function build() {
  const found = JSON.stringify(inputs.flatMap((name) => traces(join(root, name))));
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === found) return true;
  rmSync(stamp, { force: true });
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  if (status === 0) writeFileSync(stamp, found);
  return status === 0;
}

/** Name, size and time of each file. What an editor takes away meanwhile, or links to nowhere as a lock, is no file. */
function traces(path) {
  const seen = statSync(path, { throwIfNoEntry: false });
  if (!seen) return [];
  if (!seen.isDirectory()) return [path, seen.size, seen.mtimeMs];
  return readdirSync(path)
    .sort()
    .flatMap((name) => traces(join(path, name)));
}

/** Runs the program, and again after each change that can be built. */
function stayCurrent() {
  let running = start();
  let next;
  const again = () => {
    if (!build()) return;
    const last = running;
    ended(last, 'SIGTERM', () => {
      if (running === last) running = start();
    });
  };
  for (const name of inputs) {
    watch(join(root, name), { recursive: true }, () => {
      clearTimeout(next);
      next = setTimeout(again, 200);
    });
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ended(running, signal, () => process.exit(0)));
}

/** Ends a process, and then goes on; it may have ended by itself. */
function ended(child, signal, then) {
  if (child.exitCode !== null || child.signalCode !== null) return then();
  child.once('exit', then);
  child.kill(signal);
}

function start() {
  const child = spawn(process.execPath, [program, 'dev', ...given], { stdio: 'inherit' });
  child.once('exit', (code) => {
    if (code) process.stderr.write(`latchkey: ended with ${code}; waits for a change\n`);
  });
  return child;
}
