import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { coresOfQuota } from '../../src/settings/cores.js';
import { settingsTable } from '../../src/settings/table.js';
import { eventually } from '../support/eventually.js';
import { killAll, Latchkey } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';

vi.setConfig({ testTimeout: 60_000 });

const onLinux = it.skipIf(process.platform !== 'linux');
afterAll(killAll);

const nowhere = {
  database: 'postgres://u:pw-of-db@127.0.0.1:9/x',
  redis: 'redis://:pw-of-redis@127.0.0.1:9',
  smtp: 'smtp://u:pw-of-smtp@127.0.0.1:9',
};

describe('wrong use is told in one clear line', () => {
  it.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['api', '--fast'], /unknown option '--fast'/],
    [['worker', 'twice'], /too many arguments/],
    [['migrate', 'down'], /too many arguments|unknown command/],
    [['settings', '--markup'], /unknown option '--markup'/],
  ])('latchkey %j', async (args, message) => {
    const { code, output, errors } = await Latchkey.run(args);
    expect(code).toBe(1);
    expect(output).toBe('');
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/\n\s+at /);
  });

  it('and no command at all shows the commands', async () => {
    const { code, errors } = await Latchkey.run([]);
    expect(code).toBe(1);
    for (const command of ['dev', 'api', 'worker', 'migrate', 'settings'])
      expect(errors).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });
});

describe('settings', () => {
  it.each([
    [
      'api',
      ['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'SECRET', 'ACCESS_TOKEN_SIGNING_KEY', 'MAIL_FROM', 'PRODUCT_NAME'],
    ],
    ['worker', ['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'SECRET', 'SMTP_URL', 'MAIL_FROM', 'PRODUCT_NAME']],
    ['migrate', ['DATABASE_URL']],
  ])('%s names all that are missing or wrong in one message and ends', async (command, missing) => {
    const { code, output, errors } = await Latchkey.run([command], { RESET_KEY_TTL: '0', PORT: '' });
    expect(code).toBe(1);
    expect(output).toBe('');
    const [first, ...lines] = errors.trimEnd().split('\n');
    expect(first).toBe(`latchkey: ${missing.length + 1} wrong setting(s):`);
    expect(lines.map((line) => line.trim().split(':')[0]).sort()).toEqual([...missing, 'RESET_KEY_TTL'].sort());
  });

  it('are shown with what is set, but never a secret', async () => {
    const settings = productionSettings(nowhere);
    const { code, output } = await Latchkey.run(['settings'], { ...settings, LIMIT_HASH_PER_CLIENT: '7/70' });
    expect(code).toBe(0);
    for (const name of Object.keys(settingsTable)) expect(output).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    expect(output).toMatch(/^LIMIT_HASH_PER_CLIENT +7\/70$/m);
    expect(output).toMatch(/^RESET_KEY_TTL +\(default: 3600\)$/m);
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'SECRET', 'ACCESS_TOKEN_SIGNING_KEY']) {
      expect(output).toMatch(new RegExp(`^${name} +\\(set, not shown\\)$`, 'm'));
    }
    expect(output).not.toMatch(/pw-of|BEGIN PRIVATE KEY/);
    expect(output).not.toContain(settings.SECRET);
  });

  it('are the documented table with --markdown', async () => {
    const { output } = await Latchkey.run(['settings', '--markdown']);
    expect(output.match(/^\| `\w+` \| .+ \| .+ \|$/gm)).toHaveLength(Object.keys(settingsTable).length);
  });
});

describe('the threads that hash', () => {
  const threads = async (settings: Record<string, string>) => {
    const latchkey = Latchkey.start(['api'], { ...productionSettings(nowhere), ...settings });
    await latchkey.url();
    const environment = readFileSync(`/proc/${latchkey.pid}/environ`, 'latin1').split('\0');
    const count = readdirSync(`/proc/${latchkey.pid}/task`).length;
    await latchkey.stop('SIGKILL');
    const size = environment.filter((each) => each.startsWith('UV_THREADPOOL_SIZE='));
    return { count, size: size.map((each) => Number(each.split('=')[1])) };
  };

  onLinux('are beside those that DNS and files need (read from /proc)', async () => {
    const few = await threads({ HASH_CONCURRENCY: '1' });
    const many = await threads({ HASH_CONCURRENCY: '9' });
    expect([few.size, many.size]).toEqual([[7], [15]]);
    expect(many.count - few.count).toBe(8);
  });

  onLinux('follow the cores, also when the variable is empty; a number given by hand stays (from /proc)', async () => {
    const expected = coresOfQuota() + 6;
    expect((await threads({ UV_THREADPOOL_SIZE: '' })).size).toEqual([expected]);
    expect((await threads({ UV_THREADPOOL_SIZE: '30', HASH_CONCURRENCY: '2' })).size).toEqual([30]);
  });
});

onLinux('the threads that hash stand back behind the event loop (read from /proc)', async () => {
  const latchkey = Latchkey.start(['api'], { ...productionSettings(nowhere), HASH_CONCURRENCY: '1' });
  await latchkey.url();
  const tasks = `/proc/${latchkey.pid}/task`;
  const niceness = () =>
    readdirSync(tasks).map((thread) => {
      const [, name, values = ''] = /\((.*)\) (.*)/.exec(readFileSync(`${tasks}/${thread}/stat`, 'utf8')) ?? [];
      return { name, nice: Number(values.split(' ')[16]) };
    });
  const workers = (all: ReturnType<typeof niceness>) => all.filter(({ name }) => name === 'libuv-worker');
  const lowered = await eventually(niceness, (all) => workers(all).filter(({ nice }) => nice > 0).length === 7);
  await latchkey.stop('SIGKILL');
  const own = Number(/\) (.*)/.exec(readFileSync('/proc/self/stat', 'utf8'))?.[1]?.split(' ')[16]);
  for (const { name, nice } of lowered)
    expect({ name, nice }).toEqual({ name, nice: name === 'libuv-worker' ? 5 : own });
  expect(workers(lowered)).toHaveLength(7);
});

describe('a Node that is too old is told so', () => {
  const message = /^Latchkey needs Node 22\.17 or newer, this is \d+\.\d+\.\d+; `npm start` brings its own\n$/;

  it.each(['20.19.5', '22.16.0', '21.0.0'])('%s', async (version) => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`;
    const { code, errors } = await Latchkey.run(['settings'], {}, undefined, [process.execPath, '--import', pretend]);
    expect(errors).toMatch(message);
    expect(errors).toContain(version);
    expect(code).toBe(1);
  });

  it.each(['22.17.0', '23.0.0', '26.1.0'])('and %s is not', async (version) => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`;
    expect((await Latchkey.run(['settings'], {}, undefined, [process.execPath, '--import', pretend])).code).toBe(0);
  });

  const nodes = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const old = nodes.find((node) => {
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(String(spawnSync(node, ['--version']).stdout)) ?? [];
    return Number(major) < 22 || (Number(major) === 22 && Number(minor) < 17);
  });

  it.skipIf(!old)('as the old one itself sees it (needs a Node before 22.17 on PATH)', async () => {
    const { code, errors } = await Latchkey.run(['api'], {}, undefined, [old ?? '']);
    expect(errors).toMatch(message);
    expect(code).toBe(1);
  });
});
