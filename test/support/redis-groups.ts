import { eventually } from './eventually.js';
import { freePorts } from './free-port.js';
import { common, redisPassword, Server, type Started, within } from './redis-servers.js';

/** One master, one replica, three Sentinels that find a dead master within a second. */
export async function startSentinels(): Promise<Started & { master: Server; replica: Server; sentinels: Server[] }> {
  return within(async (folder) => {
    const [masterPort = 0, replicaPort = 0, ...ports] = await freePorts(5);
    const data = [...common, `masterauth ${redisPassword}`];
    const [master, replica] = await Promise.all([
      Server.start(masterPort, folder, data),
      Server.start(replicaPort, folder, [...data, `replicaof 127.0.0.1 ${masterPort}`]),
    ]);
    const watch = [
      `sentinel monitor mymaster 127.0.0.1 ${masterPort} 2`,
      `sentinel auth-pass mymaster ${redisPassword}`,
      'sentinel down-after-milliseconds mymaster 700',
      'sentinel failover-timeout mymaster 1000',
    ];
    const sentinels = await Promise.all(ports.map((port) => Server.start(port, folder, watch, ['--sentinel'])));
    await eventually(
      () => replica.client.info('replication'),
      (info) => info.includes('master_link_status:up'),
      20_000,
    );
    // Each Sentinel must know the replica and the other two, or there is no majority to elect a leader.
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
    const url = `redis+sentinel://:${redisPassword}@${hosts}/0?master=mymaster`;
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
  /** Gives the port that a node announces to clients instead of its own. */
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
          `masterauth ${redisPassword}`,
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
      // Tried again, because the replica refuses until it has heard of that master.
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
    return { servers: nodes, nodes, url: `redis+cluster://:${redisPassword}@${hosts}` };
  });
}
