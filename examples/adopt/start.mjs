// `npm run example:adopt`: a PostgreSQL, the app, and Latchkey beside it; Ctrl-C ends all three. `--folder` names where
// their data is kept, by default `.latchkey` in this folder.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DevFolder } from '../../dist/src/dev/dev-folder.js';
import { startEmbeddedPostgres } from '../../dist/src/dev/postgres/embedded-postgres.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const latchkey = fileURLToPath(new URL('../../dist/latchkey.js', import.meta.url));
const { values } = parseArgs({ options: { folder: { type: 'string', default: join(here, '.latchkey') } } });
const { APP_PORT = '3000', PORT = '4000' } = process.env;
const appUrl = `http://localhost:${APP_PORT}`;
const latchkeyUrl = `http://localhost:${PORT}`;

/** Undone in reverse order. */
const stops = [];
let ending;

/** Ends what was started. A second call waits for the same end. */
function end(code) {
  ending ??= (async () => {
    for (const stop of stops.reverse()) await stop().catch(() => undefined);
    process.exit(code);
  })();
  return ending;
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(0));

function start(file, args, { cwd, env }) {
  // A pipe, by which the child learns of our end even where we were killed.
  const stdio = ['pipe', 'inherit', 'inherit'];
  const program = ['--import', new URL('end-with-parent.mjs', import.meta.url).href, file];
  const child = spawn(process.execPath, [...program, ...args], { cwd, env: { ...process.env, ...env }, stdio });
  const ended = once(child, 'exit');
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  // What ends by itself has said why.
  void ended.then(() => end(1));
}

async function answers(url) {
  while (!ending) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await pause(50);
  }
}

try {
  if (!existsSync(join(here, 'node_modules/express/package.json'))) {
    spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
  }
  const { openDatabase, people, prepare } = await import('./database.mjs');
  const folder = await DevFolder.open(values.folder);
  stops.push(() => folder.close());
  const { secret } = await folder.secrets();
  const postgres = await startEmbeddedPostgres({ folder: join(folder.path, 'postgres'), database: 'fernhill' });
  stops.push(() => postgres.stop());

  const db = openDatabase(postgres.url);
  await prepare(db).finally(() => db.destroy());

  start(join(here, 'server.mjs'), [], {
    cwd: here,
    env: {
      PORT: APP_PORT,
      DATABASE_URL: postgres.url,
      SESSION_SECRET: secret,
      RECOVERY_URL: `${latchkeyUrl}/reset-password`,
    },
  });
  start(latchkey, ['dev'], {
    cwd: folder.path,
    env: {
      PORT,
      DATABASE_URL: postgres.url,
      ACCOUNTS: join(here, 'accounts.json'),
      SIGN_IN: 'off',
      SIGN_IN_URL: `${appUrl}/sign-in`,
      PRODUCT_NAME: 'Fernhill Books',
    },
  });
  await Promise.all([answers(`${appUrl}/sign-in`), answers(`${latchkeyUrl}/readyz`)]);
  if (!ending) {
    const [{ email, password }] = people;
    console.log(`
The app and Latchkey run.

  The app         ${appUrl}
                  ${email}, ${password}
  Inbox           ${latchkeyUrl}/inbox
  PostgreSQL      ${postgres.url}

Ctrl-C ends them.`);
  }
} catch (error) {
  console.error(error.message);
  await end(1);
}
