import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import { Inbox } from '../../../src/dev/inbox/inbox.js';
import { eventually } from '../../support/eventually.js';
import { keyIn } from '../../support/latchkey.js';
import { hasRedisServer } from '../../support/stores.js';
import { Guessers } from './guessers.js';
import { isFull, password, type Stage, startStage, tell } from './stage.js';

/** Numbers of people, of attacking clients and of connections of each; milliseconds within which the people come. */
const size = isFull
  ? { signIns: 38, resets: 10, clients: 100, neighbours: 400, lines: 6, span: 5_000 }
  : { signIns: 6, resets: 2, clients: 30, neighbours: 0, lines: 3, span: 200 };
/** Milliseconds that a person waits: as promised, or so long that also a busy machine serves whom it does not refuse. */
const patience = isFull ? 5_000 : 15_000;
/** How many of the people may be refused. */
const missing = isFull ? 2 : 0;

const hex = (index: number) => index.toString(16);
const signIn = 'mutation($input: SignInInput!) { signIn(input: $input) { __typename } }';
const resetPassword = 'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename } }';

describe.skipIf(!hasRedisServer)('while others keep the hashing busy (needs a redis-server on PATH)', () => {
  let stage: Stage;
  let inbox: Inbox;
  let round = 0;
  beforeAll(async () => {
    inbox = await Inbox.start({ keep: 1_000 });
    stage = await startStage(inbox.smtpUrl);
  });
  afterAll(async () => {
    await stage?.close();
    await inbox.stop();
  });

  const as = (address: string) =>
    createLatchkeyClient({ url: stage.url, timeoutMs: patience, headers: { 'x-forwarded-for': address } });
  /** A key that the owner got by mail. */
  const keyOf = async (email: string, address: string) => {
    await as(address).requestPasswordReset({ email });
    return keyIn(await inbox.waitFor(({ to, text }) => to.includes(email) && text.includes('#key='), 30_000));
  };

  /**
   * People who sign in and who reset, each once, from an address of their own, while an attack is under way or begins
   * in the same moment.
   */
  async function honest(
    attack: () => Guessers,
    { isUnderWay = true, home = (person: number) => `198.18.${person}.7` } = {},
  ) {
    const name = `round${++round}`;
    const signers = Array.from({ length: size.signIns }, (_, person) => `signer${person}@${name}.example`);
    const resetters = Array.from({ length: size.resets }, (_, person) => `resetter${person}@${name}.example`);
    await stage.accounts([...signers, ...resetters]);
    const keys = await Promise.all(resetters.map((email, person) => keyOf(email, `198.19.${person}.7`)));
    const guessers = attack();
    if (isUnderWay) {
      await eventually(
        () => Object.values(guessers.answers).reduce((sum, count) => sum + count, 0),
        (answered) => answered > 2 * size.clients,
        60_000,
      );
    }
    const times: number[] = [];
    const ask = async (index: number, of: number, call: () => Promise<{ __typename: string }>) => {
      await sleep((index * size.span) / of);
      const begun = performance.now();
      const answer = await call().then(({ __typename }) => __typename, String);
      times.push(Math.round(performance.now() - begun));
      return answer;
    };
    const [signedIn, reset] = await Promise.all([
      Promise.all(signers.map((email, n) => ask(n, signers.length, () => as(home(n)).signIn({ email, password })))),
      Promise.all(
        keys.map((key, n) =>
          ask(n, keys.length, () => as(`198.19.${n}.7`).resetPassword({ key, password: `a quite new one ${n}` })),
        ),
      ),
    ]);
    const attackers = await guessers.stop();
    const passed = (answers: string[], wanted: string) => answers.filter((answer) => answer === wanted).length;
    const figures = { signedIn: passed(signedIn, 'SignedIn'), reset: passed(reset, 'PasswordResetCompleted') };
    const others: Record<string, number> = {};
    for (const answer of [...signedIn, ...reset])
      if (!/^(SignedIn|PasswordResetCompleted)$/.test(answer)) others[answer] = (others[answer] ?? 0) + 1;
    times.sort((one, other) => one - other);
    const ms = {
      p50: times[Math.floor(times.length / 2)],
      p95: times[Math.floor(times.length * 0.95)],
      most: times.at(-1),
    };
    return { figures, others, ms, attackers };
  }

  const guess = (clients: number, lines: number, address: (client: number) => string) => () =>
    new Guessers(stage.url, clients, lines, (client, count) => ({
      query: signIn,
      variables: { input: { email: `nobody${count}@c${client}.example`, password: 'not the password of anybody' } },
      headers: { 'x-forwarded-for': address(client) },
    }));

  const attacks = {
    [`${size.clients} clients of as many /24s`]: guess(size.clients, size.lines, (client) => `10.0.${client}.1`),
    [`${size.clients} clients of one /24`]: guess(size.clients, size.lines, (client) => `10.1.1.${client + 1}`),
    [`${size.neighbours} /64s of one /48`]: guess(size.neighbours, 1, (client) => `2001:db8:1:${hex(client)}::1`),
  };

  it.each(Object.keys(attacks).filter((name) => isFull || name.endsWith('/24s')))(
    '%s at work, each within its limits, people sign in and reset',
    { timeout: 120_000 },
    async (name) => {
      const home = (person: number) =>
        name.includes('/48') && person % 2 ? `2001:db8:${hex(person + 16)}::7` : `198.18.${person}.7`;
      const seen = await honest(attacks[name] ?? (() => expect.unreachable()), { home });
      tell(`A3 ${name}`, seen);
      expect(seen.figures.signedIn).toBeGreaterThanOrEqual(size.signIns - missing);
      expect(seen.figures.reset).toBe(size.resets);
    },
  );

  if (isFull) {
    it('60 calls with one real key at the same time, people sign in and reset', async () => {
      await stage.accounts(['holder@key.example']);
      const key = await keyOf('holder@key.example', '198.51.100.9');
      const attack = () =>
        new Guessers(stage.url, 60, 1, (client, count) => ({
          query: resetPassword,
          variables: { input: { key, password: `a password of its own ${client} ${count}` } },
          headers: { 'x-forwarded-for': `10.2.${client}.1` },
        }));
      const seen = await honest(attack, { isUnderWay: false });
      tell('A3 60 calls with one real key', seen);
      expect(seen.figures.signedIn).toBeGreaterThanOrEqual(size.signIns - missing);
      expect(seen.figures.reset).toBe(size.resets);
    }, 120_000);
  }
});
