import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import type { EmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { Inbox } from '../../src/dev/inbox/inbox.js';
import { keyIn } from '../support/latchkey.js';
import { killAll, Latchkey, readyz, type Settings } from '../support/processes.js';
import { productionSettings } from '../support/production-settings.js';
import { createDatabase, createRedis, hasRedisServer, type TestDatabase } from '../support/stores.js';
import { insertAccount } from './accounts.js';

vi.setConfig({ testTimeout: 60_000 });

// Two processes need a real Redis: the stand-in lives inside one process.
describe.skipIf(!hasRedisServer)('API and worker as processes of their own (needs a redis-server on PATH)', () => {
  let database: TestDatabase;
  let redis: EmbeddedRedis;
  let inbox: Inbox;
  let settings: Settings;
  let api: Latchkey;
  let worker: Latchkey;
  let url: string;

  beforeAll(async () => {
    [database, redis, inbox] = await Promise.all([createDatabase(), createRedis(), Inbox.start()]);
    settings = productionSettings({ database: database.url, redis: redis.url ?? '', smtp: inbox.smtpUrl });
    api = Latchkey.start(['api'], settings);
    worker = Latchkey.start(['worker'], settings);
    url = await api.url();
    await worker.said(/the worker waits for jobs/);
    await vi.waitFor(async () => expect(await readyz(url)).toMatchObject({ status: 200 }), 10_000);
  });
  afterAll(async () => {
    await killAll();
    await Promise.all([inbox.stop(), redis.stop(), database.drop()]);
  });

  const linkTo = (email: string) =>
    inbox.waitFor((mail) => mail.envelope.to.includes(email) && mail.text.includes('#key='));

  // Shows: R-33, ARTHA 4.1.1, ARTHA 4.2.6, ARTHA 6.1.1
  it('let somebody who lost the password back in', async () => {
    await insertAccount(database, 'alice@example.com', 'the password that gets lost');
    const client = createLatchkeyClient({ url });
    const signIn = (password: string) => client.signIn({ email: 'alice@example.com', password });
    const before = await signIn('the password that gets lost');
    if (before.__typename !== 'SignedIn') throw new Error(`sign-in ended with ${before.__typename}`);
    const me = createLatchkeyClient({ url, accessToken: () => before.accessToken }).me;
    expect(await me()).toMatchObject({ email: 'alice@example.com' });

    expect(await client.requestPasswordReset({ email: 'alice@example.com' })).toMatchObject({
      __typename: 'PasswordResetRequested',
    });
    const mail = await linkTo('alice@example.com');
    expect(mail.text).toContain('https://recover.example.com/reset-password#key=');
    const key = keyIn(mail);
    expect(await client.passwordResetKey(key)).toMatchObject({ __typename: 'ResetKeyValid' });
    expect(await client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });

    expect(await signIn('the password that gets lost')).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await signIn('a quite new password')).toMatchObject({ __typename: 'SignedIn' });
    expect(await me()).toBeNull();
    await inbox.waitFor((each) => each.envelope.to.includes('alice@example.com') && !each.text.includes('#key='));
  });

  it('keep closed what production closes', async () => {
    expect(
      await createLatchkeyClient({ url }).signUp({ email: 'eve@example.com', password: 'correct horse battery' }),
    ).toMatchObject({ __typename: 'SignUpDisabled' });
    const introspection = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __schema { types { name } } }' }),
    });
    expect(introspection.status).toBe(400);
    expect((await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(405);
    expect((await fetch(`${url}/inbox`)).status).toBe(404);
  });

  // Shows: R-16, V-26
  it('log no address, key, password or token', async () => {
    const logged = `${api.output}${api.errors}${worker.output}${worker.errors}`;
    expect(logged).toMatch(/"msg":"job done"/);
    expect(logged).not.toMatch(/alice|eve@|quite new|gets lost|#key|eyJ/);
    for (const { text } of inbox.mails()) {
      const key = /#key=(\S+)/.exec(text)?.[1];
      if (key) expect(logged).not.toContain(key);
    }
  });

  // Shows: V-05, F-41
  it('work two and two side by side: one mail for each request, one success for each key', async () => {
    const [otherApi, otherWorker] = [Latchkey.start(['api'], settings), Latchkey.start(['worker'], settings)];
    const urls = [url, await otherApi.url()];
    await otherWorker.said(/the worker waits for jobs/);
    await vi.waitFor(async () => expect(await readyz(urls[1] ?? '')).toMatchObject({ status: 200 }), 10_000);
    const clients = urls.map((each) => createLatchkeyClient({ url: each }));
    const client = (index: number) => clients[index % 2] ?? createLatchkeyClient({ url });
    const people = Array.from({ length: 8 }, (_, index) => `person${index}@example.com`);
    for (const email of people) await insertAccount(database, email, 'the password that gets lost');

    await Promise.all(people.map((email, index) => client(index).requestPasswordReset({ email })));
    const mails = await Promise.all(people.map(linkTo));
    await Promise.all(
      mails.slice(0, 4).map(async (mail, index) => {
        const outcomes = await Promise.all(
          [0, 1].map((each) =>
            client(each).resetPassword({ key: keyIn(mail), password: `new password ${each} of them` }),
          ),
        );
        const names = outcomes.map(({ __typename }) => __typename).sort();
        expect(names).toEqual(['InvalidResetKey', 'PasswordResetCompleted']);
        const winner = outcomes.findIndex(({ __typename }) => __typename === 'PasswordResetCompleted');
        const signedIn = await client(index).signIn({
          email: people[index] ?? '',
          password: `new password ${winner} of them`,
        });
        if (signedIn.__typename !== 'SignedIn') throw new Error(`sign-in ended with ${signedIn.__typename}`);
        const accessToken = () => signedIn.accessToken;
        expect(await createLatchkeyClient({ url: urls[(index + 1) % 2] ?? '', accessToken }).me()).toMatchObject({
          email: people[index],
        });
      }),
    );
    const links = inbox.mails().filter(({ text, to }) => text.includes('#key=') && to.includes('person'));
    expect(links.map(({ to }) => to).sort()).toEqual([...people].sort());
    const done = (worker: Latchkey) => worker.output.match(/"msg":"job done"/g)?.length ?? 0;
    await vi.waitFor(() => expect(done(worker) + done(otherWorker)).toBeGreaterThanOrEqual(1 + 1 + 8 + 4), 10_000);
    expect(done(otherWorker)).toBeGreaterThan(0);

    const ends = await Promise.all([otherApi, otherWorker].map((each) => each.stop('SIGTERM')));
    expect(ends.map(({ code, errors }) => ({ code, errors }))).toEqual(ends.map(() => ({ code: 0, errors: '' })));
  });

  // Shows: R-11
  it('leave nothing in Redis that could be used: neither a key nor an address', async () => {
    const own = new Redis(redis.url ?? '');
    const names = await own.keys('*');
    const values = await Promise.all(names.map((name) => own.dump(name)));
    own.disconnect();
    expect(names.filter((name) => name.startsWith('reset:')).length).toBeGreaterThan(0);
    const everything = `${names.join()}${values.map(String).join()}`;
    for (const { text } of inbox.mails()) {
      const key = /#key=(\S+)/.exec(text)?.[1];
      if (key) expect(everything).not.toContain(key);
    }
  });
});
