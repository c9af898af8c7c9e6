import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findRedisServer, startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { ends, killHard, pidIn, startOwner, temporaryFolder } from './helpers.js';

const withServer = it.skipIf(!findRedisServer());

async function start(options: { folder: string; search?: 'path' | 'none' }) {
  const redis = await startEmbeddedRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function using<Result>(url: string | undefined, ask: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(url ?? '', { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

describe('embedded Redis', () => {
  withServer('keeps keys over a stop and a start (skipped without redis-server or valkey-server on PATH)', async () => {
    const folder = join(await temporaryFolder(), 'with "quotes" and spaces');
    const first = await start({ folder });
    expect(first.connect).toBeUndefined();
    expect(first.description).toMatch(/^(redis|valkey)-server \d+\.\d+.*, data kept in \//);
    await using(first.url, (client) => client.set('key', 'value', 'EX', 100));
    const config = await using(first.url, (client) => client.config('GET', 'maxmemory-policy', 'appendfsync', 'bind'));
    expect(config).toEqual(expect.arrayContaining(['noeviction', 'everysec', '127.0.0.1']));
    await first.stop();
    await first.stop();

    const second = await start({ folder });
    expect(await using(second.url, (client) => client.get('key'))).toBe('value');
    expect(await using(second.url, (client) => client.ttl('key'))).toBeGreaterThan(50);
  });

  withServer('asks for a password that no other user can see (skipped without a server on PATH)', async () => {
    const folder = await temporaryFolder();
    const { url } = await start({ folder });
    const { password, port } = new URL(url ?? '');
    const socket = connect(Number(port), '127.0.0.1').end('GET key\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^-NOAUTH/);
    expect(password).toHaveLength(32);
    expect((await stat(join(folder, 'redis.conf'))).mode & 0o777).toBe(0o600);
    const pid = await pidIn(join(folder, 'redis.pid'));
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password);
  });

  withServer('stops the server that a killed owner left (skipped without a server on PATH)', async () => {
    const folder = await temporaryFolder();
    const owner = await startOwner('redis', folder);
    await using(owner.url, (client) => client.set('key', 'value'));
    const leftover = await pidIn(join(folder, 'redis.pid'));
    await killHard(owner);
    expect(await using(owner.url, (client) => client.get('key'))).toBe('value');

    const next = await start({ folder });
    expect(await ends(leftover, 100)).toBe(true);
    expect(await using(next.url, (client) => client.get('key'))).toBe('value');
  });

  it('without a server is a stand-in whose clients share one store, forgotten at stop', async () => {
    const folder = await temporaryFolder();
    const standIn = await start({ folder, search: 'none' });
    expect(standIn.url).toBeUndefined();
    expect(standIn.description).toMatch(/forgotten at stop; install redis-server or valkey-server/);
    const other = await start({ folder, search: 'none' });
    const clients = [standIn.connect?.(), standIn.connect?.(), other.connect?.()];
    await clients[0]?.set('key', 'value');
    expect(await clients[1]?.get('key')).toBe('value');
    expect(await clients[2]?.get('key')).toBeNull();
    await standIn.stop();
    expect(await clients[1]?.get('key')).toBeNull();
  });

  it('finds no server on an empty PATH', () => {
    const path = process.env.PATH;
    process.env.PATH = '';
    try {
      expect(findRedisServer()).toBeUndefined();
    } finally {
      process.env.PATH = path;
    }
  });
});
