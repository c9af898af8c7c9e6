import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';

let folder: string;
/** A package with our start script, whose build and program only tell that they ran. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-start-'));
  const own = folder;
  onTestFinished(() => rm(own, { recursive: true, force: true, maxRetries: 5 }));
  for (const name of ['src', 'schema', 'templates', 'migrations']) await mkdir(join(folder, name));
  for (const name of ['start.cjs', 'node-version.cjs'])
    await cp(`${packageFolder}src/${name}`, join(folder, 'src', name));
  for (const name of ['package-lock.json', 'tsconfig.json']) await writeFile(join(folder, name), '{}');
  const manifest = { type: 'module', engines: { node: '>=22.17' }, scripts: { build: 'node build.cjs' } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(folder, 'build.cjs'),
    `const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
     appendFileSync('builds', 'x');
     if (existsSync('src/broken')) process.exit(3);
     mkdirSync('dist', { recursive: true });
     writeFileSync('dist/latchkey.js', readFileSync('src/program.js'));`,
  );
  await writeFile(join(folder, 'src/program.js'), 'console.log("runs", ...process.argv.slice(2));');
});

function run(args: readonly string[] = [], port = 0) {
  const child = spawn(process.execPath, [join(folder, 'src/start.cjs'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port) },
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, output, errors }));
  return { child, ended, output: () => output };
}

const builds = async () => (await readFile(join(folder, 'builds'), 'utf8').catch(() => '')).length;

describe('npm start', () => {
  it('builds what changed since the last start, and nothing else', async () => {
    expect(await run(['--flag']).ended).toMatchObject({ code: 0, output: 'runs dev --flag\n' });
    expect(await run().ended).toMatchObject({ code: 0, output: 'runs dev\n' });
    expect(await builds()).toBe(1);

    // As an editor locks a file that it has open.
    await symlink('somebody@machine.1:2', join(folder, 'src/.#program.js'));
    await writeFile(join(folder, 'src/program.js'), 'console.log("changed");');
    expect(await run().ended).toMatchObject({ code: 0, output: 'changed\n' });
    await rm(join(folder, 'dist/latchkey.js'));
    expect(await run().ended).toMatchObject({ code: 0, output: 'changed\n' });
    expect(await builds()).toBe(3);

    await writeFile(join(folder, 'src/broken'), '');
    expect(await run().ended).toMatchObject({ code: 1, output: '' });
    expect(await run().ended).toMatchObject({ code: 1, output: '' });
    expect(await builds()).toBe(5);
  });

  it('tells a taken port before it builds, and who has it', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { code, errors } = await run([], port).ended;
    expect(code).toBe(1);
    expect(errors).toBe(
      `latchkey: port ${port} is taken by another program; stop it, or choose another port: PORT=${port + 1} npm start\n`,
    );
    await mkdir(join(folder, '.latchkey'));
    await writeFile(join(folder, '.latchkey/lock'), JSON.stringify({ pid: process.pid }));
    const { pid } = process;
    expect((await run([], port).ended).errors).toBe(
      `latchkey: it runs already, as process ${pid}: stop that first (kill ${pid})\n`,
    );
    expect(await builds()).toBe(0);
  });
});

it('npm run dev builds and starts again after a change, and keeps what runs where the build fails', async () => {
  const stays = 'setInterval(() => undefined, 1000); process.on("SIGTERM", () => process.exit(0));';
  await writeFile(join(folder, 'src/program.js'), `console.log("first"); ${stays}`);
  const { child, ended, output } = run(['--watch']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await eventually(output, (said) => said === 'first\n');
  await writeFile(join(folder, 'src/broken'), '');
  await eventually(builds, (count) => count === 2);
  await writeFile(join(folder, 'src/program.js'), `console.log("second"); process.exit(4);`);
  await eventually(builds, (count) => count === 3);
  expect(output()).toBe('first\n');
  await rm(join(folder, 'src/broken'));
  await eventually(output, (said) => said === 'first\nsecond\n');
  await writeFile(join(folder, 'src/program.js'), `console.log("third"); ${stays}`);
  await eventually(output, (said) => said === 'first\nsecond\nthird\n');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, errors: 'latchkey: ended with 4; waits for a change\n' });
});
