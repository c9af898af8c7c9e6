import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { DataKey } from '../../src/secrets/data-key.js';
import { DataKeyUnreadable, readDataKey } from '../../src/secrets/data-key-row.js';
import { keepDataKey } from '../../src/secrets/keep-data-key.js';
import { Pseudonyms } from '../../src/secrets/pseudonyms.js';
import { open, seal } from '../../src/secrets/sealed-key.js';
import { openDatabase } from '../../src/services/database.js';
import { createDatabase, type TestDatabase } from '../support/stores.js';

const [first, second, third] = ['first', 'second', 'third'].map((name) => `${name} ${'k7Vn2xQ9pLw4Rz8TbY6mHc3J'}`) as [
  string,
  string,
  string,
];

describe('a sealed key', () => {
  it('opens under its secret alone, whole and unchanged', () => {
    const key = randomBytes(32);
    const sealed = seal(key, first);
    expect(sealed).toHaveLength(61);
    expect(open(sealed, first)).toEqual(key);
    expect(open(sealed, second)).toBeUndefined();
    expect(seal(key, first)).not.toEqual(sealed);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(open(changed, first), `byte ${at}`).toBeUndefined();
    }
    for (const cut of [Buffer.alloc(0), sealed.subarray(1), Buffer.concat([sealed, Buffer.alloc(1)])]) {
      expect(open(cut, first)).toBeUndefined();
    }
  });
});

describe('the data key', () => {
  let database: TestDatabase;
  let orm: MikroORM;
  const opened: DataKey[] = [];
  beforeEach(async () => {
    database = await createDatabase();
    orm = openDatabase(database.url);
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) each.stop();
    await orm.close(true);
    await database.drop();
  });
  const process = (...secrets: string[]) => {
    const key = new DataKey(orm, secrets, createLog('silent', 'test'), new Metrics());
    opened.push(key);
    return key;
  };
  const migrate = (...secrets: string[]) => keepDataKey(orm, { secrets });

  it('is made once, by whoever comes first, and is the same for all', async () => {
    await Promise.all([1, 2, 3].map(() => migrate(first)));
    const [one, other] = [process(first), process(second, first)];
    await Promise.all([one.start(), other.start()]);
    expect(one.bytes).toHaveLength(32);
    expect(other.bytes).toEqual(one.bytes);
    expect(other.subkey('a')).not.toEqual(other.subkey('b'));
    const [row] = await database.query<{ sealed: Buffer }>('select sealed from data_key');
    expect(row?.sealed.includes(one.bytes)).toBe(false);
  });

  it('is the same after a rotation, which encrypts it anew, and then needs the old secret no more', async () => {
    expect(await migrate(first)).toBe('made');
    const before = await readDataKey(orm, [first]);
    expect(await migrate(first, second)).toBe('kept');
    await expect(readDataKey(orm, [second])).rejects.toThrow(DataKeyUnreadable);
    expect(await migrate(second, first)).toBe('sealed anew');
    // Processes that still run with the settings of the previous step can read it as well.
    expect(await readDataKey(orm, [first, second])).toEqual({ key: before?.key, by: 1 });
    expect(await migrate(second)).toBe('kept');
    expect(await readDataKey(orm, [second])).toEqual({ key: before?.key, by: 0 });
    await expect(readDataKey(orm, [first])).rejects.toThrow(DataKeyUnreadable);
  });

  it('that no secret opens is refused by migrate and at a start, with the remedy, and stays as it is', async () => {
    await migrate(first);
    const rows = await database.query('select sealed from data_key');
    await expect(migrate(second, third)).rejects.toThrow(/no value of SECRET opens the data key.*docs\/operate\.md/);
    const key = process(second);
    await expect(key.start()).rejects.toThrow(DataKeyUnreadable);
    expect(key.state).toBe('unreadable');
    expect(() => key.bytes).toThrow(/data-key is unavailable/);
    expect(await database.query('select sealed from data_key')).toEqual(rows);
    expect(await keepDataKey(orm, { secrets: [second], replaceUnreadable: true })).toBe('made');
  });

  it('of a deployment of the first release keeps every name that it gave', async () => {
    await database.query(`insert into audit_event (kind) values ('reset.completed')`);
    await migrate(first, second);
    const key = process(first);
    await key.start();
    const released = createHmac('sha256', Buffer.from(hkdfSync('sha256', first, '', 'latchkey pseudonym v1', 32)));
    expect(new Pseudonyms(key).of('alice@example.com')).toBe(
      released.update('alice@example.com').digest().subarray(0, 16).toString('base64url'),
    );
  });

  it('is made by the first process where migrate had no SECRET', async () => {
    expect(await migrate()).toBe('missing');
    const keys = [process(first), process(first)];
    await Promise.all(keys.map((each) => each.start()));
    expect(keys[0]?.bytes).toEqual(keys[1]?.bytes);
    expect(await migrate()).toBe('kept');
  });

  it('is waited for while the database has no such table yet', async () => {
    await database.query('alter table data_key rename to hidden');
    const key = process(first);
    await key.start();
    expect(key.state).toBe('starting');
    expect(() => key.bytes).toThrow(/data-key is unavailable/);
    await database.query('alter table hidden rename to data_key');
    await expect.poll(() => key.state, { timeout: 20_000 }).toBe('ok');
    expect(key.bytes).toHaveLength(32);
  });
});
