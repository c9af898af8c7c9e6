import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../../src/dev/embedded-redis.js';
import { eventually } from '../../support/eventually.js';

const password = 'the-password-of-the-servers';

/** Ports that are free now; with `+ 10000` free as well, which a cluster's nodes take for their bus. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((each) => once(each, 'listening')));
  const ports = servers.map((each) => (each.address() as AddressInfo).port);
  await Promise.all(servers.map((each) => once(each.close(), 'close')));
  return ports.every((port) => port < 55_000) ? ports : freePorts(count);
}

/** A redis-server that can be killed, frozen and started again, on the same port, with the same data. */
export class Server {
  #child: ChildProcess | undefined;
  /** A connection of the test's own, patient and never in the way. */
  readonly client: Redis;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly flags: readonly string[],
    credentials: { password?: string },
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.client = new Redis({ port, ...credentials, lazyConnect: true, retryStrategy: () => 50, socketTimeout: 3_000 });
    this.client.on('error', () => undefined);
  }

  /** @param env for the server, beside the environment of this process. */
  static async start(
    port: number,
    folder: string,
    configuration: readonly string[],
    flags: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ) {
    const lines = ['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, `logfile ${join(folder, `${port}.log`)}`];
    const file = join(folder, `${port}.conf`);
    await writeFile(file, [...lines, ...configuration, ''].join('\n'));
    const credentials = flags.includes('--sentinel') ? {} : { password };
    const server = new Server(port, folder, [file, ...flags], credentials, env);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://:${password}@127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const env = { ...process.env, ...this.env };
    const child = spawn(findRedisServer() ?? '', this.flags, { cwd: this.folder, stdio: 'ignore', env });
    this.#child = child;
    // Not left behind by a run that ends in the middle.
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    await eventually(
      () => this.client.ping().catch((error: Error) => error.message),
      (answer) => answer === 'PONG',
      20_000,
    );
  }

  /** Waits for its end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const end = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL') child.kill('SIGCONT');
    await end;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** What was written since the last rewrite, in the order of writing. */
  async appendOnlyFile(): Promise<string> {
    const folder = join(this.folder, 'appendonlydir');
    const manifest = await readFile(join(folder, 'appendonly.aof.manifest'), 'utf8');
    return join(folder, [...manifest.matchAll(/^file (\S+) .*type i/gm)].at(-1)?.[1] ?? '');
  }

  /** Throws the data on disk away. */
  async empty(): Promise<void> {
    await rm(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
    await rm(join(this.folder, 'dump.rdb'), { force: true });
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.kill();
  }
}

interface Started {
  /** For `REDIS_URL`. */
  readonly url: string;
  stop(): Promise<void>;
}

const common = [`requirepass ${password}`, 'save ""', 'maxmemory-policy noeviction', 'repl-diskless-sync-delay 0'];

async function within<T extends object>(start: (folder: string) => Promise<{ servers: Server[] } & T>) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'));
  const started = await start(folder);
  const stop = async () => {
    await Promise.all(started.servers.map((each) => each.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  return { ...started, stop };
}

/** @param configuration lines of redis.conf. */
export function startSingle(...configuration: string[]): Promise<Started & { server: Server }> {
  return startSingleIn({}, ...configuration);
}

/** The same, with more in its environment. */
export async function startSingleIn(
  env: NodeJS.ProcessEnv,
  ...configuration: string[]
): Promise<Started & { server: Server }> {
  return within(async (folder) => {
    const [port = 0] = await freePorts(1);
    const server = await Server.start(port, folder, [...common, ...configuration], [], env);
    return { servers: [server], server, url: server.url };
  });
}

/** One master, one replica, three Sentinels that find a dead master within a second. */
export async function startSentinels(): Promise<Started & { master: Server; replica: Server; sentinels: Server[] }> {
  return within(async (folder) => {
    const [masterPort = 0, replicaPort = 0, ...ports] = await freePorts(5);
    const data = [...common, `masterauth ${password}`];
    const [master, replica] = await Promise.all([
      Server.start(masterPort, folder, data),
      Server.start(replicaPort, folder, [...data, `replicaof 127.0.0.1 ${masterPort}`]),
    ]);
    const watch = [
      `sentinel monitor mymaster 127.0.0.1 ${masterPort} 2`,
      `sentinel auth-pass mymaster ${password}`,
      'sentinel down-after-milliseconds mymaster 700',
      'sentinel failover-timeout mymaster 1000',
    ];
    const sentinels = await Promise.all(ports.map((port) => Server.start(port, folder, watch, ['--sentinel'])));
    await eventually(
      () => replica.client.info('replication'),
      (info) => info.includes('master_link_status:up'),
      20_000,
    );
    // Each must know the replica and the other two, or there is no majority to elect a leader.
    const known = async (sentinel: Server) => {
      const [found] = (await sentinel.client.call('sentinel', 'masters')) as string[][];
      const value = (name: string) => found?.[found.indexOf(name) + 1];
      return `${value('num-slaves')} ${value('num-other-sentinels')}`;
    };
    await eventually(
      () => Promise.all(sentinels.map(known)),
      (all) => all.every((each) => each === '1 2'),
      20_000,
    );
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const url = `redis+sentinel://:${password}@${hosts}/0?master=mymaster`;
    return { servers: [...sentinels, master, replica], master, replica, sentinels, url };
  });
}

const slotsOfThree = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

interface ClusterOptions {
  /** How many of the masters have a replica: the first, the first two, … */
  readonly replicas?: number;
  /** The port that a node tells its clients, instead of its own. */
  readonly announce?: (port: number) => Promise<number>;
}

/** Three masters that share the slots. */
export async function startCluster(options: ClusterOptions = {}): Promise<Started & { nodes: Server[] }> {
  return within(async (folder) => {
    const ports = await freePorts(3 + (options.replicas ?? 0));
    const announced = new Map(
      await Promise.all(ports.map(async (port) => [port, (await options.announce?.(port)) ?? port] as const)),
    );
    const nodes = await Promise.all(
      ports.map((port) =>
        Server.start(port, folder, [
          `cluster-announce-port ${announced.get(port)}`,
          `cluster-announce-bus-port ${port + 10_000}`,
          ...common,
          'appendonly yes',
          'appendfsync always',
          `appenddirname aof-${port}`,
          'cluster-enabled yes',
          `cluster-config-file ${port}.nodes`,
          'cluster-node-timeout 1000',
          'cluster-require-full-coverage no',
          'cluster-replica-validity-factor 0',
          `masterauth ${password}`,
        ]),
      ),
    );
    const [first] = nodes;
    await Promise.all(
      slotsOfThree.map(([from, to], index) => nodes[index]?.client.call('cluster', 'addslotsrange', from, to)),
    );
    for (const { port } of nodes.slice(1))
      await first?.client.call('cluster', 'meet', '127.0.0.1', port, port + 10_000);
    const state = async (node: Server) => String(await node.client.call('cluster', 'info'));
    const allSay = (what: string) =>
      eventually(
        () => Promise.all(nodes.map(state)),
        (all) => all.every((each) => each.includes(what)),
        30_000,
      );
    await allSay(`cluster_known_nodes:${nodes.length}`);
    for (const [index, replica] of nodes.slice(3).entries()) {
      const master = String(await nodes[index]?.client.call('cluster', 'myid'));
      // Not until it has heard of that master.
      await eventually(
        () => replica.client.call('cluster', 'replicate', master).catch((error: Error) => error.message),
        (answer) => answer === 'OK',
      );
      await eventually(
        () => replica.client.info('replication'),
        (info) => info.includes('master_link_status:up'),
        20_000,
      );
    }
    await allSay('cluster_state:ok');
    await allSay('cluster_slots_assigned:16384');
    const hosts = [...announced.values()].map((port) => `127.0.0.1:${port}`).join(',');
    return { servers: nodes, nodes, url: `redis+cluster://:${password}@${hosts}` };
  });
}
