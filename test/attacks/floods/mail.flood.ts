import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { hasRedisServer } from '../../support/stores.js';
import { flood } from '../callers.js';
import { startRelay } from './relay.js';
import { type Stage, startStage, tell } from './stage.js';

const requests = 8_000;
/** Domains of the addresses that a flood asks for. */
const domains = 50;
const query = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';

/** Milliseconds until the relay has a mail for each of these from now on. */
async function handedOver(taken: ReadonlyMap<string, number>, people: readonly string[], begun: number, most: number) {
  await eventually(
    () => people.filter((email) => taken.has(email)).length,
    (count) => count === people.length,
    most,
  ).catch(() => undefined);
  return people.map((email) => Math.round((taken.get(email) ?? Number.POSITIVE_INFINITY) - begun));
}

describe.skipIf(!hasRedisServer)('an owner’s mail (needs a redis-server on PATH)', () => {
  let stage: Stage;
  let relay: Awaited<ReturnType<typeof startRelay>>;
  afterEach(async () => {
    await stage?.close();
    await relay?.stop();
  });
  const ask = (email: string, from: string) => ({
    query,
    variables: { input: { email } },
    headers: { 'x-forwarded-for': from },
  });

  const sources = {
    'a network of its own each': (n: number) => `10.${n >> 8}.${n & 255}.1`,
    '1,000 networks, eight times each': (n: number) => `10.0.${(n % 1_000) >> 2}.${(n % 4) + 1}`,
    '27 networks at their limit': (n: number) => `10.${n % 27}.1.${1 + (n % 250)}`,
  };
  it.each(Object.keys(sources))(
    'after 8,000 requests from %s goes within 10 s',
    { timeout: 300_000 },
    async (source) => {
      const from = sources[source as keyof typeof sources];
      relay = await startRelay();
      stage = await startStage(relay.url);
      const people = Array.from({ length: requests }, (_, n) => `person${n}@d${n % domains}.example`);
      await stage.accounts(['owner@d0.example', ...people.filter((_, n) => n % 2)]);
      const began = performance.now();
      const answers = await flood(stage.url, requests, (n) => ask(people[n] ?? '', from(n)));
      const seconds = Math.round((performance.now() - began) / 1_000);
      const [waiting] = await stage.query<{ count: number }>(
        `select count(*)::int from job where name = 'password-reset-request' and state in ('created', 'retry')`,
      );
      const asked = performance.now();
      await flood(stage.url, 1, () => ask('owner@d0.example', '198.51.100.1'));
      const [ms = Number.NaN] = await handedOver(relay.taken, ['owner@d0.example'], asked, 120_000);
      tell(`A4 8,000 requests from ${source}`, { answers, seconds, waiting: waiting?.count, ms });
      expect(answers).toEqual({ PasswordResetRequested: requests });
      expect(ms).toBeLessThanOrEqual(10_000);
    },
  );

  it.each([
    ['after 40 s', 40_000],
    ['never', Number.POSITIVE_INFINITY],
  ])(
    'beside eight accounts whose server answers %s, four others go within 5 s',
    { timeout: 120_000 },
    async (_, ms) => {
      relay = await startRelay((address) => (address.endsWith('@slow.example') ? ms : 0));
      stage = await startStage(relay.url);
      const slow = Array.from({ length: 8 }, (_, n) => `person${n}@slow.example`);
      const owners = ['alice@one.example', 'bob@one.example', 'carol@two.example', 'dave@three.example'];
      await stage.accounts([...slow, ...owners]);
      const figures: number[][] = [];
      // Also while their retries are under way.
      for (const pause of [1_000, 15_000, 15_000]) {
        await flood(stage.url, slow.length, (n) => ask(slow[n] ?? '', `10.0.${n}.1`));
        await new Promise((resolve) => setTimeout(resolve, pause));
        for (const email of owners) relay.taken.delete(email);
        const asked = performance.now();
        await flood(stage.url, owners.length, (n) => ask(owners[n] ?? '', `198.51.${n}.1`));
        figures.push(await handedOver(relay.taken, owners, asked, 20_000));
      }
      tell(`A4 eight accounts whose server answers ${ms} ms after RCPT`, { ms: figures });
      expect(Math.max(...figures.flat())).toBeLessThanOrEqual(5_000);
    },
  );
});
