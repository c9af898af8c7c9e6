import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rowsIn, tablesOf } from '../../support/databases.js';
import type { OwnPostgres } from '../../support/own-postgres.js';
import { Latchkey, type Settings } from '../../support/processes.js';
import type { Server } from '../../support/redis-servers.js';
import type { SecretsStage } from './stage.js';

/** What stands where, by the name of the place. */
export type Places = Record<string, string>;

/** Everything that the processes wrote to standard output and standard error, and the files they left. */
export async function written(stage: SecretsStage): Promise<Places> {
  const files = await readdir(stage.folder);
  const texts = await Promise.all(files.map((name) => readFile(join(stage.folder, name), 'utf8')));
  return {
    'output of the API': stage.api.output,
    'errors of the API': stage.api.errors,
    'output of the worker': stage.worker.output,
    'errors of the worker': stage.worker.errors,
    ...Object.fromEntries(files.map((name, index) => [`file ${name}`, texts[index] ?? ''])),
  };
}

/** Every row of every table, and PostgreSQL's log. */
export async function inPostgres(postgres: OwnPostgres): Promise<Places> {
  const places: Places = {};
  for (const table of await tablesOf(postgres)) places[`table ${table}`] = await rowsIn(postgres, table);
  return { ...places, "PostgreSQL's log": await postgres.log() };
}

/** Every name and value of Redis, as it is dumped. */
export async function inRedis({ client }: Server): Promise<Places> {
  const names = await client.keys('*');
  const values = await Promise.all(
    names.map(async (name) => `${name} ${(await client.dumpBuffer(name))?.toString('latin1')}`),
  );
  return { 'names and values of Redis': values.join('\n') };
}

/** The metrics and the health of both processes. */
export async function onOperationsPorts({ operations }: SecretsStage): Promise<Places> {
  const paths = ['/metrics', '/readyz', '/livez'];
  const texts = operations.flatMap((url) => paths.map(async (path) => (await fetch(url + path)).text()));
  return { 'operations ports': (await Promise.all(texts)).join('\n') };
}

/** The commands that read stores or settings: as they work, with a store out of reach, and with wrong settings. */
export async function saidByCommands({ settings, folder }: SecretsStage, account: string): Promise<Places> {
  const dead = (url = '') => url.replace(/:\d+(?=\/|$)/, ':9');
  const away = { ...settings, DATABASE_URL: dead(settings.DATABASE_URL), REDIS_URL: dead(settings.REDIS_URL) };
  const relay = `${settings.SMTP_URL}?debug=true`;
  const wrong = { ...settings, SECRET: `${settings.SECRET}${settings.SECRET}`, SMTP_URL: relay, PORT: 'http' };
  const runs: Record<string, [command: string[], settings: Settings]> = {
    settings: [['settings'], settings],
    'wrong settings': [['settings', '--check'], wrong],
    'an API with wrong settings': [['api'], wrong],
    'migrate grants': [['migrate', 'grants'], settings],
    'account show': [['account', 'show', account], settings],
    'account show, no database': [['account', 'show', account], away],
    'jobs list': [['jobs', 'list', '--json'], settings],
    'jobs count, no database': [['jobs', 'count'], away],
  };
  const places: Places = {};
  const left = Object.entries(runs);
  const run = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [name, [command, environment]] = next;
      const { output, errors } = await Latchkey.run(command, { ...environment, OPS_PORT: '0' }, folder);
      places[name] = `${output}${errors}`;
    }
  };
  await Promise.all([run(), run()]);
  return places;
}
