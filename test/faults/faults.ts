import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { holderOf } from './app/tables.js';
import type { Armed } from './fault-points.js';
import type { ServerProcess } from './processes.js';
import type { ReceiverFault } from './receivers.js';
import type { RelayFault } from './relay.js';
import type { Stage } from './stage.js';

/** A fault that has begun. */
export interface Begun {
  readonly target: string;
  readonly affects: readonly string[];
  readonly detail?: string;
  readonly heal: () => Promise<void> | void;
  /** Milliseconds until the heal; without it, the nemesis chooses. */
  readonly lasts?: number;
}
export type Begin = (stage: Stage, random: Random) => Promise<Begun> | Begun;

/** Every fault by the name that a report gives it. */
export const faults = {
  'process-kill': (stage, random) => kill(random.pick(stage.processes)),
  'process-drain': (stage, random) => drain(random.pick(stage.processes)),
  'process-stop': (stage, random) => stopProcess(random.pick(stage.processes)),
  'api-crash-point': (stage, random) =>
    arm(random.pick(stage.apis), { point: stage.points.api.next(random), action: 'kill' }),
  'worker-crash-point': (stage, random) =>
    arm(random.pick(stage.workers), { point: stage.points.worker.next(random), action: 'kill' }),
  'api-fault-point': (stage, random) =>
    arm(random.pick(stage.apis), { point: stage.points.api.next(random), ...failOrPause(random) }),
  'worker-fault-point': (stage, random) =>
    arm(random.pick(stage.workers), { point: stage.points.worker.next(random), ...failOrPause(random) }),

  'postgres-cut': (stage, random) => onWay(stage, random, 'postgres', (way) => way.cut()),
  'postgres-cut-at-a-byte': (stage, random) =>
    onWay(stage, random, 'postgres', (way) => way.cutAfter(random.between(1, 4_000))),
  'postgres-refuse': (stage, random) => onWay(stage, random, 'postgres', (way) => way.refuse()),
  'postgres-delay': (stage, random) => onWay(stage, random, 'postgres', (way) => way.delay(random.between(5, 300))),
  'postgres-swallow': (stage, random) => onWay(stage, random, 'postgres', (way) => way.swallow('down')),
  'postgres-black-hole': (stage, random) => onWay(stage, random, 'postgres', (way) => way.swallow('up', 'down')),
  'postgres-half-close': (stage, random) => onWay(stage, random, 'postgres', (way) => way.halfClose()),
  'postgres-restart': (stage) => restartPostgres(stage, 'SIGINT'),
  'postgres-kill': (stage) => restartPostgres(stage, 'SIGKILL'),
  'postgres-stop': async (stage) => {
    await stage.postgres.signal('SIGSTOP');
    return { target: 'postgres', affects: ['postgres'], heal: () => stage.postgres.signal('SIGCONT') };
  },
  'postgres-lock': (stage, random) => {
    const ms = random.between(1_000, 5_000);
    const locked = lockAccounts(stage, ms).catch(() => undefined);
    return { target: 'postgres', affects: ['postgres'], lasts: ms, heal: () => locked };
  },

  'redis-cut': (stage, random) => onWay(stage, random, 'redis', (way) => way.cut()),
  'redis-cut-at-a-byte': (stage, random) =>
    onWay(stage, random, 'redis', (way) => way.cutAfter(random.between(1, 2_000))),
  'redis-refuse': (stage, random) => onWay(stage, random, 'redis', (way) => way.refuse()),
  'redis-delay': (stage, random) => onWay(stage, random, 'redis', (way) => way.delay(random.between(5, 300))),
  'redis-swallow': (stage, random) => onWay(stage, random, 'redis', (way) => way.swallow('down')),
  'redis-lost-answer': (stage, random) => ({
    ...onWay(stage, random, 'redis', (way) => way.loseAnswerTo('reset:')),
    lasts: 600,
  }),
  'redis-half-close': (stage, random) => onWay(stage, random, 'redis', (way) => way.halfClose()),
  'redis-kill': async (stage) => {
    await stage.redis.kill();
    return { target: 'redis', affects: ['redis'], heal: () => stage.redis.restart() };
  },
  'redis-stop': (stage) => {
    stage.redis.freeze();
    return { target: 'redis', affects: ['redis'], heal: () => stage.redis.thaw() };
  },
  'redis-full': async (stage) => {
    await stage.redis.client.config('SET', 'maxmemory', '1');
    const heal = async () => void (await stage.redis.client.config('SET', 'maxmemory', '0'));
    return { target: 'redis', affects: ['redis'], heal };
  },
  'redis-lose': async (stage) => {
    await stage.redis.client.flushall();
    return { target: 'redis', affects: ['redis'], lasts: 10, heal: () => undefined };
  },
  'redis-resurrect': resurrect,

  'relay-refuse': (stage, random) =>
    withRelay(stage, {
      does: 'refuse',
      stage: random.pick(['MAIL', 'RCPT', 'DATA']),
      // 550 (with 5.1.1: no such mailbox) is the only one of these codes that ends a job.
      code: random.chance(0.25) ? 550 : random.pick([421, 450, 451, 452, 454, 530, 535, 554]),
    }),
  'relay-delay': (stage, random) =>
    withRelay(stage, {
      does: 'delay',
      stage: random.pick(['greeting', 'MAIL', 'RCPT', 'DATA']),
      ms: random.between(500, 12_000),
    }),
  'relay-drop': (stage, random) =>
    withRelay(stage, { does: 'drop', stage: random.pick(['greeting', 'MAIL', 'RCPT', 'DATA']) }),
  'relay-cut': (stage, random) => onWay(stage, random, 'relay', (way) => way.cut()),
  'relay-cut-at-a-byte': (stage, random) =>
    onWay(stage, random, 'relay', (way) => way.cutAfter(random.between(1, 6_000))),
  'relay-swallow': (stage, random) => onWay(stage, random, 'relay', (way) => way.swallow('down')),
  'relay-refuse-lines': (stage, random) => onWay(stage, random, 'relay', (way) => way.refuse()),

  'receiver-refuse': (stage, random) =>
    withReceiver(stage, random, { does: 'answer', status: random.pick([400, 404, 410, 429, 500, 503]) }),
  'receiver-redirect': (stage, random) =>
    withReceiver(stage, random, { does: 'answer', status: random.pick([301, 302, 307, 308]), location: '/elsewhere' }),
  'receiver-long-answer': (stage, random) =>
    withReceiver(stage, random, { does: 'answer', status: random.pick([200, 500]), bytes: 5_000_000 }),
  'receiver-hang': (stage, random) => withReceiver(stage, random, { does: 'hang' }),
  'receiver-drop': (stage, random) => withReceiver(stage, random, { does: 'drop' }),
  'receiver-dead': (stage, random) => onWayToReceiver(stage, random, (way) => way.refuse()),
  'receiver-cut-at-a-byte': (stage, random) =>
    onWayToReceiver(stage, random, (way) => way.cutAfter(random.between(1, 2_000))),
  'receiver-swallow': (stage, random) => onWayToReceiver(stage, random, (way) => way.swallow('down')),
} as const satisfies Record<string, Begin>;

export type FaultKind = keyof typeof faults;

function failOrPause(random: Random): Pick<Armed, 'action' | 'ms'> {
  return random.chance(0.5) ? { action: 'fail' } : { action: 'pause', ms: random.between(10, 2_500) };
}

async function kill(server: ServerProcess): Promise<Begun> {
  await server.end('SIGKILL');
  return { target: server.name, affects: [server.name], heal: () => server.revive() };
}

async function drain(server: ServerProcess): Promise<Begun> {
  const ended = server.end('SIGTERM');
  const heal = async () => {
    await ended;
    await server.revive();
  };
  // Nothing is affected: a graceful end must lose no work and no answer.
  return { target: server.name, affects: [], heal };
}

function stopProcess(server: ServerProcess): Begun {
  server.signal('SIGSTOP');
  return { target: server.name, affects: [server.name], heal: () => server.signal('SIGCONT') };
}

/** Breaks the process when it next reaches the point, which may never happen. */
function arm(server: ServerProcess, armed: Armed): Begun {
  server.expectDeath();
  server.arm(armed);
  const heal = async () => {
    await server.disarm();
    await server.revive();
  };
  return { target: server.name, affects: [server.name], detail: `${armed.action} at ${armed.point}`, heal };
}

function onWay(
  stage: Stage,
  random: Random,
  store: 'postgres' | 'redis' | 'relay',
  hurt: (way: TcpProxy) => void,
): Begun {
  // Workers write to Redis and APIs mostly read, so workers are picked twice as often.
  const writers = store === 'redis' ? [...stage.processes, ...stage.workers] : stage.processes;
  const server = random.pick(store === 'relay' ? stage.workers : writers);
  const way = server.ways[store];
  hurt(way);
  return { target: `${server.name} to ${store}`, affects: [`${server.name} ${store}`], heal: () => way.heal() };
}

async function restartPostgres({ postgres }: Stage, signal: 'SIGINT' | 'SIGKILL'): Promise<Begun> {
  await postgres.stop(signal);
  return { target: 'postgres', affects: ['postgres'], heal: () => postgres.start() };
}

/** Locks the table of the hashes, as a careless operator's session might. @param ms how long, in milliseconds. */
async function lockAccounts({ home, postgres }: Stage, ms: number): Promise<void> {
  const session = await postgres.session();
  await session.query('begin');
  const table = home === 'own' ? 'account' : holderOf[home].table;
  await session.query(`lock table ${table} in access exclusive mode`);
  await sleep(ms);
  await session.end();
}

/** Saves every reset record now and writes it back at the heal, as a fail-over to a stale replica would. */
async function resurrect(stage: Stage): Promise<Begun> {
  const { client } = stage.redis;
  const saved: [string, Buffer, number][] = [];
  for (const name of await client.keys('reset:*')) {
    const [bytes, ttl] = [await client.getBuffer(name), await client.ttl(name)];
    if (bytes && ttl > 0) saved.push([name, bytes, ttl]);
  }
  const heal = async () => {
    for (const [name, bytes, ttl] of saved) await client.set(name, bytes, 'EX', ttl);
  };
  return { target: 'redis', affects: [], detail: `${saved.length} records`, heal };
}

function withRelay(stage: Stage, fault: RelayFault): Begun {
  stage.relay.fault = fault;
  const heal = () => {
    stage.relay.fault = undefined;
  };
  const detail = `${fault.does} at ${fault.stage}${'code' in fault ? ` ${fault.code}` : ''}`;
  return { target: 'relay', affects: [], detail, heal };
}

/** One of the two: the other must not notice. */
function withReceiver(stage: Stage, random: Random, fault: ReceiverFault): Begun {
  const receiver = random.pick(stage.receivers);
  receiver.fault = fault;
  const heal = () => {
    receiver.fault = undefined;
  };
  const detail = 'status' in fault ? `${fault.status}` : fault.does;
  return { target: receiver.name, affects: [receiver.name], detail, heal };
}

function onWayToReceiver(stage: Stage, random: Random, hurt: (way: TcpProxy) => void): Begun {
  const { name, way } = random.pick(stage.receivers);
  hurt(way);
  return { target: name, affects: [name], heal: () => way.heal() };
}
