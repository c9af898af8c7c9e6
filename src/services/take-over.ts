import type { MikroORM } from '@mikro-orm/postgresql';
import type { JobQueue } from '../jobs/job-queue.js';
import { firstWord } from '../observability/first-word.js';
import { describeFault, type Log } from '../observability/log.js';
import { ours } from '../stores/postgres/schemas.js';
import { queues } from './queues.js';

/** Milliseconds from one look at the queue of the last version to the next. */
const pause = 5_000;

/**
 * After an upgrade from a version whose job queue was elsewhere: moves what waits there into our queue, now and every
 * few seconds, because processes of that version still write there until they are replaced. Several workers may do it
 * at the same time. Without such an upgrade it does nothing.
 */
export function startTakeOver({ jobs, orm, log }: { jobs: JobQueue; orm: MikroORM; log: Log }): { stop: () => void } {
  let told: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const look = async () => {
    try {
      const from = await formerQueue(orm);
      if (from === undefined) return;
      const count = await jobs.takeOver(from, queues);
      if (count > 0) log.info({ part: 'jobs', count }, 'jobs of the last version were taken over');
      told = undefined;
    } catch (error) {
      const code = firstWord(error) ?? '';
      // Told once for each kind of fault, because it is asked again and again.
      if (told !== code) {
        const what = code === '42501' ? ': this role lacks rights there (`latchkey migrate grants`)' : '';
        log.warn({ part: 'jobs', fault: describeFault(error) }, `jobs of the last version stay in its queue${what}`);
      }
      told = code;
    }
    if (!isStopped) timer = setTimeout(() => void look(), pause).unref();
  };
  void look();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

async function formerQueue(orm: MikroORM): Promise<string | undefined> {
  const statement = `select queue from ${ours(orm, 'former_home')}`;
  const [row] = await orm.em.fork().execute<{ queue: string }[]>(statement);
  return row?.queue;
}
