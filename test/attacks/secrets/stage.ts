import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../support/free-port.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { Latchkey, type Settings } from '../../support/processes.js';
import { productionSettings, withoutLimits } from '../../support/production-settings.js';
import { startRawRelay } from '../../support/raw-relay.js';
import { startSingle } from '../../support/redis-servers.js';

/** Passwords of the stores and the relay, in their URLs. */
export const storePasswords = {
  database: 'cAnaRyDatabase7q',
  redis: 'the-password-of-the-servers',
  relay: 'cAnaRyRelay5k',
} as const;

/** PostgreSQL logs every statement with its parameters, as an operator who looks for a fault lets it do. */
const logsEverything = [
  'log_statement=all',
  'log_min_duration_statement=0',
  'log_parameter_max_length=-1',
  'log_parameter_max_length_on_error=-1',
  'log_error_verbosity=verbose',
];

/** An uncaught fault whose message holds a secret, for the text of a crash. */
const crashesOnSignal = `--import=data:text/javascript,${encodeURIComponent(
  "process.on('SIGWINCH', () => { throw new Error('planted: ' + process.env.SECRET); });",
)}`;

/** An API and a worker that log at `trace`, with stores and a relay of their own. */
export async function startStage() {
  const [postgres, redis, relay] = await Promise.all([
    OwnPostgres.start({ settings: logsEverything }),
    startSingle(),
    startRawRelay(),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-secrets-'));
  const settings: Settings = {
    ...productionSettings({
      database: postgres.url.replace('latchkey@', `latchkey:${storePasswords.database}@`),
      redis: redis.url,
      smtp: relay.url.replace('//', `//latchkey:${storePasswords.relay}@`),
    }),
    ...withoutLimits(),
    SIGN_UP: 'confirm',
    LOG_LEVEL: 'trace',
  };
  const node = [process.execPath, crashesOnSignal];
  const ports = await freePorts(2);
  const start = (name: string, port = 0) => Latchkey.start([name], { ...settings, OPS_PORT: `${port}` }, folder, node);
  const api = start('api', ports[0]);
  const worker = start('worker', ports[1]);
  const url = await api.url();
  await worker.said(/the worker waits for jobs/);
  return {
    postgres,
    redis: redis.server,
    relay,
    folder,
    settings,
    api,
    worker,
    url,
    operations: ports.map((port) => `http://127.0.0.1:${port}`),
    async stop() {
      await Promise.all([api.stop('SIGKILL'), worker.stop('SIGKILL')]);
      await Promise.all([postgres.drop(), redis.stop(), relay.stop(), rm(folder, { recursive: true, force: true })]);
    },
  };
}
export type SecretsStage = Awaited<ReturnType<typeof startStage>>;
