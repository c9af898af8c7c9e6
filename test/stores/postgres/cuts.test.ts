import { afterAll, beforeAll, expect, it } from 'vitest';
import { callDeadline } from '../../../src/calls/deadline.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { OwnPostgres } from '../../support/own-postgres.js';
import { Random } from '../../support/random.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Load, recovery } from './load.js';

let postgres: OwnPostgres;
let line: TcpProxy;
let latchkey: TestLatchkey;
beforeAll(async () => {
  postgres = await OwnPostgres.start();
  line = await TcpProxy.to(postgres.url);
  latchkey = await startLatchkey({
    database: postgres,
    env: { DATABASE_URL: line.through(postgres.url), HASH_CONCURRENCY: '2' },
  });
});
afterAll(async () => {
  await latchkey.close();
  line.shut();
});

// Shows: F-11
it('connections are cut at a random byte, 250 times: no answer is wrong, nothing is half done, no slot is lost', async () => {
  const load = await Load.of(latchkey, 8, 'cut');
  const random = new Random(11);
  // Bytes: the cut comes between the middle of the handshake and the end of several transactions.
  line.cutAfter(() => random.between(1, 12_000));
  // Those that are open would stay whole, and the pool would use them first.
  line.cut();
  load.start();
  await eventually(
    () => line.cuts,
    (cuts) => cuts >= 250,
    180_000,
  );
  line.heal();
  const [someone] = load.people;
  const took = await recovery(latchkey, someone?.email ?? '');
  await load.stop();
  console.info(`${line.cuts} cuts: slowest call ${Math.round(load.slowest)} ms; ${JSON.stringify(load.tally)}`);
  console.info(`cuts: ms until ready, accepted, mailed: ${Object.values(took).join(', ')}`);
  expect(took.mailed).toBeLessThan(20_000);
  expect(load.slowest).toBeLessThan(callDeadline + 5_000);
  expect(await load.contradictions(postgres)).toEqual([]);

  // Ten statements at the same time, as many as the pool has connections. A lost slot would make two of them take turns
  // on one; so does a query of the process itself, which comes now and then.
  const statement = 'select pg_backend_pid() as pid, pg_sleep(0.3)';
  const onTheirOwn = async () => {
    const all = Array.from({ length: 10 }, () => latchkey.services.orm.em.fork().execute<{ pid: number }[]>(statement));
    return new Set((await Promise.all(all)).flat().map(({ pid }) => pid)).size;
  };
  await eventually(onTheirOwn, (count) => count === 10);
  const connections = await eventually(
    () => postgres.connections(),
    (found) => Object.values(found).every(({ count, idleInTransaction }) => count <= 10 && idleInTransaction === 0),
  );
  expect(connections['latchkey worker jobs']?.count).toBeLessThanOrEqual(9);
}, 300_000);
