import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignInDocument } from '../../../schema/sdk/generated/graphql.js';
import { insertAccount } from '../../processes/accounts.js';
import { eventually } from '../../support/eventually.js';
import { keyIn } from '../../support/latchkey.js';
import { SecretSearch } from '../../support/secret-search.js';
import { hasRedisServer } from '../../support/stores.js';
import { Caller, callEverything, type Known, sendMalformed } from './calls.js';
import { inPostgres, inRedis, onOperationsPorts, type Places, saidByCommands, written } from './places.js';
import { type SecretsStage, startStage, storePasswords } from './stage.js';

const mark = 'cAnaRyPassword9x';
const email = 'alice@example.com';
const password = `the lost ${mark} of alice`;
const other = `${mark} of nobody at all`;

describe.skipIf(!hasRedisServer)('a secret stands in no output (needs a redis-server on PATH)', () => {
  let stage: SecretsStage;
  let caller: Caller;
  const everywhere = new SecretSearch();
  /** Without what an answer gives to its caller on purpose: access tokens and devices. */
  const inAnswers = new SecretSearch();
  const commandsOfRedis: string[] = [];
  beforeAll(async () => {
    stage = await startStage();
    caller = new Caller(stage.url);
    await insertAccount(stage.postgres, email, password);
    const monitor = await stage.redis.client.monitor();
    monitor.on('monitor', (_time: string, words: string[]) => commandsOfRedis.push(words.join(' ')));
    monitor.on('error', () => undefined);
    for (const search of [everywhere, inAnswers]) {
      search.addMark(mark, 'a password');
      for (const [name, text] of Object.entries(storePasswords)) search.addMark(text, `the password of the ${name}`);
      search.addSecret(Buffer.from(stage.settings.SECRET ?? ''), 'SECRET');
      const [, pem = ''] = /-\n([^-]+)\n-/.exec(stage.settings.ACCESS_TOKEN_SIGNING_KEY ?? '') ?? [];
      search.addSecret(Buffer.from(pem.slice(-40)), 'the signing key');
    }
  });
  afterAll(() => stage?.stop());

  function remember(secret: string, what: string, within = [everywhere, inAnswers]): void {
    for (const each of within) {
      each.addSecret(Buffer.from(secret), what);
      each.addSecret(Buffer.from(secret, 'base64url'), what);
    }
  }
  const newKey = async () => {
    const before = stage.relay.taken.length;
    await caller.call(
      'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }',
      {
        input: { email },
      },
    );
    const mails = await eventually(
      async () => stage.relay.taken.slice(before),
      (taken) => taken.length > 0,
    );
    const key = keyIn({ text: (await PostalMime.parse(mails[0] ?? '')).text ?? '' });
    remember(key, 'a reset key');
    return key;
  };
  const known = async (): Promise<Known> => {
    const signedIn = await caller.call(SignInDocument, { input: { email, password } });
    const { accessToken: token, device } = signedIn ?? {};
    if (!token || !device) throw new Error('not signed in');
    // All tokens begin alike; what makes one a secret is its signature.
    remember(token.split('.')[2] ?? '', 'an access token', [everywhere]);
    remember(device, 'a device', [everywhere]);
    return { email, password, other, key: await newKey(), token };
  };
  const found = (places: Places, search = everywhere) =>
    Object.entries(places).flatMap(([place, text]) => {
      const what = search.open()(Buffer.from(text));
      return what.map((each) => `${each} in ${place}`);
    });

  // Shows: V-12
  it('while everything works, and when calls are malformed', async () => {
    const all = await known();
    await callEverything(caller, all);
    await sendMalformed(caller, all);
    const results = ['PasswordRejected', 'InvalidCredentials', 'ResetKeyValid', 'SignUpRequested'];
    for (const each of results) expect(caller.answers).toContain(`"${each}"`);
    expect(found({ answers: caller.answers }, inAnswers)).toEqual([]);
  });

  it('while the relay repeats the mail in its refusals', async () => {
    const refused: string[] = [];
    stage.relay.faults = (point, _count, said) => {
      if (point !== 'dot') return undefined;
      refused.push(said);
      const words = said
        .replace(/=\r?\n/g, '')
        .replaceAll('=3D', '=')
        .replace(/[^\x20-\x7e]+/g, ' ');
      return `554 5.7.1 refused: ${words}`;
    };
    await caller.call(
      'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }',
      {
        input: { email },
      },
    );
    await eventually(
      async () => refused.length,
      (count) => count > 0,
    );
    const [, key = ''] =
      /#key=([\w-]{43})/.exec((refused[0] ?? '').replace(/=\r?\n/g, '').replaceAll('=3D', '=')) ?? [];
    remember(key, 'a refused key');
    await stage.worker.said(/smtp|relay/);
    stage.relay.faults = () => undefined;
  });

  it('while a store is away', async () => {
    const all = await known();
    await stage.redis.kill();
    await callEverything(caller, all);
    await stage.redis.restart();
    await stage.postgres.stop('SIGKILL');
    await callEverything(caller, all);
    await stage.postgres.start();
    expect(found({ answers: caller.answers }, inAnswers)).toEqual([]);
  });

  it('and in no output of a command, whether it works or not', { timeout: 60_000 }, async () => {
    const said = await saidByCommands(stage, email);
    expect(said).toMatchObject({
      settings: expect.stringContaining('SECRET'),
      'wrong settings': expect.stringContaining('SMTP_URL'),
      'an API with wrong settings': expect.stringContaining('SECRET'),
      'account show': expect.stringContaining(email),
      'jobs count, no database': expect.stringContaining('the database does not answer'),
    });
    expect(found(said)).toEqual([]);
  });

  // Shows, V-12, V-26
  it('neither in stores, logs and metrics, nor after a crash', async () => {
    const metrics = await eventually(
      () => onOperationsPorts(stage),
      (places) => !/degraded/.test(Object.values(places).join()),
    );
    stage.api.child.kill('SIGWINCH');
    await eventually(
      async () => stage.api.errors,
      (errors) => errors.includes('"level":"fatal"'),
    );
    const all: Places = {
      ...metrics,
      ...(await inPostgres(stage.postgres)),
      ...(await inRedis(stage.redis)),
      ...(await written(stage)),
      'commands of Redis': commandsOfRedis.join('\n'),
    };
    expect(all["PostgreSQL's log"]).toMatch(/update .*account|insert into .*job/i);
    expect(all['commands of Redis']).toMatch(/reset:/);
    expect(all['output of the API']).toMatch(/"level":/);
    expect(found(all)).toEqual([]);
  });
});
