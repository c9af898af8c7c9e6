import 'reflect-metadata';
import { Writable } from 'node:stream';
import { Mailer } from '../../dist/src/mail/mailer.js';
import { createLog } from '../../dist/src/observability/log.js';
import { slotsOfQueues, slotsOfWorker } from '../../dist/src/services/queues.js';
import { createServices } from '../../dist/src/services/services.js';
import { readSettings } from '../../dist/src/settings/settings.js';
import { startWorker } from '../../dist/src/worker.js';

/**
 * `latchkey worker` for the experiment. On the message `{ plant }` a new worker without any memory replaces the old,
 * faster than a process starts. The answer comes once it waits for jobs. With the planted leak no place is held.
 */
const settings = readSettings(process.env, 'worker');
let end = async () => undefined;

async function begin(plant) {
  await end();
  const waits = Promise.withResolvers();
  const lines = new Writable({
    write(chunk, _encoding, done) {
      if (String(chunk).includes('the worker waits for jobs')) waits.resolve();
      done();
    },
  });
  const log = createLog(settings.log.level, 'worker', lines);
  const connections = slotsOfWorker;
  const withoutTimes = (made) => new Mailer(settings.mail, log, made.metrics, { connections, slots: slotsOfQueues });
  const services = createServices(settings, { log: () => log, ...(plant ? { mailer: withoutTimes } : {}) });
  const worker = await startWorker(services);
  await waits.promise;
  end = async () => {
    await worker.close();
    await services.close();
  };
}

process.on('message', ({ plant }) => {
  begin(plant).then(
    () => process.send('waits'),
    (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
