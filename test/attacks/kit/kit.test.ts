import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killAll } from '../../support/processes.js';
import { createDatabase, createRedis, hasRedisServer } from '../../support/stores.js';
import type { Attack, Outcome, Result } from './attack.js';
import { catalogue, chosen } from './catalogue.js';
import { entries } from './entries.js';
import { readOptions, WrongUse } from './options.js';
import { inJson, inMarkdown, summary } from './report.js';
import { runAttacks as run } from './run-attacks.js';
import { Stage } from './stage.js';
import type { Stores } from './stage-options.js';
import { outside } from './target.js';
import { startWeakProxy, type Weakness } from './weak-proxy.js';

const stores: Stores = {
  database: createDatabase,
  async redis() {
    const server = await createRedis();
    const client = new Redis(server.url ?? '');
    return {
      url: server.url ?? '',
      client,
      async stop() {
        client.disconnect();
        await server.stop();
      },
    };
  },
};

/** Judges no times. */
const runAttacks = (attacks: readonly Attack[], target: Parameters<typeof run>[1]) =>
  run(attacks, target, undefined, Number.POSITIVE_INFINITY);
const kinds = (results: readonly Result[]) => results.map(({ title, outcome }) => [title, outcome.kind]);
const held = (attacks: readonly Attack[]) => attacks.map(({ title }) => [title, 'held']);

it('answers every entry, and names none that there is not', () => {
  const answered = new Set(catalogue.flatMap(({ ids }) => ids));
  expect(entries.filter((id) => !answered.has(id))).toEqual([]);
  expect([...answered].filter((id) => !entries.includes(id))).toEqual([]);
  expect([entries.length, entries[0], entries[50], entries[51], entries[71]]).toEqual([
    92,
    'V-01',
    'V-51',
    'G-01',
    'G-21',
  ]);
  const titles = catalogue.map(({ title }) => title);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

describe.skipIf(!hasRedisServer)(
  'the kit, on an API and a worker (needs a redis-server on PATH)',
  {
    timeout: 120_000,
  },
  () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await Stage.start(stores);
    });
    afterAll(async () => {
      await stage?.close();
      await killAll();
    });

    const weak = async (weakness: Weakness, attacks: readonly Attack[]) => {
      const proxy = await startWeakProxy(stage.urls[0] ?? '', weakness);
      return runAttacks(attacks, stage.through(proxy.url)).finally(proxy.stop);
    };

    /** Attacks by the beginning of their title, and a weakness before the API that each of them must tell. */
    const planted: [string, string, Weakness][] = [
      [
        'lets GET through',
        'a mutation by another method',
        {
          before: (seen) => {
            if (seen.method !== 'GET') return seen;
            const { searchParams } = new URL(seen.path, 'http://x');
            const variables = JSON.parse(searchParams.get('variables') ?? '{}');
            const body = JSON.stringify({ query: searchParams.get('query'), variables });
            return { ...seen, method: 'POST', path: '/graphql', body, headers: { 'content-type': 'application/json' } };
          },
        },
      ],
      [
        'answers the first of an array',
        'several operations in one array',
        { before: (seen) => ({ ...seen, body: JSON.stringify([JSON.parse(seen.body)].flat(3)[0] ?? {}) }) },
      ],
      [
        'runs the first of several tries',
        'several tries in one document',
        {
          before: (seen) => ({ ...seen, body: '{"query":"{ __typename }"}' }),
        },
      ],
      [
        'shows a stack',
        'bodies that are no request',
        { after: (answer) => ({ ...answer, body: `${answer.body}at parse (/app/node_modules/x.js:1:1)` }) },
      ],
      [
        'repeats what it refuses',
        'a value that comes back',
        {
          after: (answer, { body }) => ({ ...answer, body: answer.status === 400 ? answer.body + body : answer.body }),
        },
      ],
      [
        'tells pages where people come from',
        'a key that leaves the page',
        { after: ({ headers: { 'referrer-policy': _, ...headers }, ...answer }) => ({ ...answer, headers }) },
      ],
      [
        'calls a used key good',
        'a key used again',
        {
          after: (answer) => ({
            ...answer,
            body: answer.body.replace(
              /\{"__typename":"InvalidResetKey".*?\}/,
              '{"__typename":"PasswordResetCompleted"}',
            ),
          }),
        },
      ],
      [
        'answers otherwise for an address that it knows',
        'telling who has an account by the answers',
        {
          after: async (answer, { body }) => {
            const known = await stage.database.query<{ email: string }>('select email from account');
            return known.some(({ email }) => body.includes(email)) ? { ...answer, body: `${answer.body} ` } : answer;
          },
        },
      ],
      [
        'grants every origin',
        'a grant to a foreign origin',
        {
          after: (answer, { headers }) => ({
            ...answer,
            headers: { ...answer.headers, 'access-control-allow-origin': headers.origin ?? '' },
          }),
        },
      ],
    ];

    it.each(planted)('holds, and an API that %s is told', async (_weakness, title, weakness) => {
      const attacks = catalogue.filter((attack) => attack.title.startsWith(title));
      expect(attacks.length).toBeGreaterThan(0);
      expect(kinds(await runAttacks(attacks, stage))).toEqual(held(attacks));
      const results = await weak(weakness, attacks);
      expect(kinds(results)).toEqual(attacks.map((each) => [each.title, 'broken']));
    });

    it('attacks from outside what anybody can see, and says what it left out', async () => {
      const attacks = chosen('V-49,E27').filter(({ title }) => !title.startsWith('a grant'));
      const results = await runAttacks(attacks, outside(stage.urls[0] ?? '', 'attack.invalid', false));
      expect(results.map(({ outcome }) => outcome.kind).sort()).toEqual(['held', 'left-out']);
    });
  },
);

it('tells an attack that fails, that tries nothing, or that the limits end', async () => {
  const attack = (title: string, run: Extract<Attack, { needs: 'url' }>['run']): Attack => ({
    ids: [],
    title,
    needs: 'url',
    run,
  });
  const attacks = [
    attack('fails', async () => {
      throw new Error('no way');
    }),
    attack('tries nothing', async () => 'all well'),
    attack('breaks, then fails', async (_target, findings) => {
      findings.note('an input', false, 'a leak');
      throw new Error('no way');
    }),
    attack('cannot reach anybody', async (target) => (await target.stranger().get('/')).body),
  ];
  const results = await runAttacks(attacks, outside('http://127.0.0.1:1', 'attack.invalid', false));
  expect(results.map(({ outcome }) => outcome.kind)).toEqual(['unfinished', 'unfinished', 'broken', 'unfinished']);
});

it('reports in Markdown and JSON, whatever the evidence holds', () => {
  const result = (outcome: Outcome): Result => ({ ids: ['V-01', 'G-02'], title: 'a title', outcome, ms: 5 });
  const results = [
    result({ kind: 'held', tried: 7, seen: 'nothing' }),
    result({ kind: 'broken', tried: 2, evidence: ['a | b', '<script>\n'] }),
    result({ kind: 'left-out', reason: 'no reason' }),
  ];
  const report = { target: 'http://x', at: new Date(0), results };
  expect(summary(results)).toBe('2 attacks with 9 inputs: 1 held, 1 broken; 1 left out');
  const markdown = inMarkdown(report);
  expect(markdown).toContain('| V-01 G-02 | a title | 2 | a \\| b; \\<script\\>\\\\n |');
  expect(markdown.split('\n').filter((line) => line.startsWith('## '))).toEqual([
    '## Broken',
    '## Held',
    '## Left out',
  ]);
  expect(JSON.parse(inJson(report))).toMatchObject({ counts: { held: 1, broken: 1, 'left-out': 1, inputs: 9 } });
});

describe('the options', () => {
  it.each([
    [['--url', 'http://127.0.0.1:4000']],
    [['--url', 'http://localhost:4000/', '--mail-domain', 'a.invalid']],
    [['--url', 'https://192.0.2.1', '--i-run-this']],
    [['--url', 'https://192.0.2.1', '--i-run-this', '--mail-domain', 'acme.dev']],
    [['--only', 'V-01', '--full', '--list']],
  ])('allow %j', async (args) => {
    await expect(readOptions(args)).resolves.toBeDefined();
  });

  it.each([
    [['--url', 'https://192.0.2.1']],
    [['--url', 'http://nowhere.invalid']],
    [['--url', 'ftp://127.0.0.1']],
    [['--url', 'localhost:4000']],
    [['--url', 'http://127.0.0.1.nowhere.invalid']],
    [['--url', 'http://127.0.0.1:4000', '--mail-domain', 'acme.dev']],
    [['--mail-domain', 'acme.dev']],
    [['--url', 'http://127.0.0.1:4000', '--mail-domain', 'a b']],
    [['--i-run-this']],
    [['--ful']],
    [['V-01']],
  ])('refuse %j', async (args) => {
    await expect(readOptions(args)).rejects.toBeInstanceOf(WrongUse);
  });
});
