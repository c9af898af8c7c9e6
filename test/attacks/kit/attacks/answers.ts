import { type Answer, canary, canaryInputs, documents, tracesOf } from '../../attack.js';
import type { Attack } from '../attack.js';
import { kindOf } from '../refusal.js';
import type { Target } from '../target.js';

const withoutId = ({ status, body }: Answer) => `${status} ${body.replace(/,?"requestId":"[^"]*"/g, '')}`;
const ask = (target: Target, query: string, more: object = {}) => target.stranger().post({ query, ...more });

const wrongValues: [string, unknown][] = [
  ['absent', undefined],
  ['null', null],
  ['a number', 736_353],
  ['a huge number', Number.MAX_VALUE],
  ['true', true],
  ['a list', [canary]],
  ['an object', { value: canary }],
  ['an operator', { $ne: canary }],
  ['a regular expression', { $regex: canary }],
];

const missing: Attack = {
  ids: ['G-21', 'V-10'],
  title: 'null, absent and other than text for every input',
  needs: 'url',
  run: async (target, findings) => {
    for (const [mutation, input] of canaryInputs) {
      for (const field of Object.keys(input)) {
        for (const [name, value] of wrongValues) {
          const answer = await ask(target, documents[mutation], { variables: { input: { ...input, [field]: value } } });
          findings.expect(`${mutation}.${field} ${name}`, [answer.status, kindOf(answer)], [400, 'BAD_USER_INPUT']);
        }
      }
      for (const [name, variables] of [
        ['no input', {}],
        ['null for the input', { input: null }],
        ['an empty input', { input: {} }],
        ['an unknown field', { input: { ...input, isAdmin: true } }],
        ['a list of inputs', { input: [input, input] }],
      ] as const) {
        const answer = await ask(target, documents[mutation], { variables });
        findings.expect(`${mutation}, ${name}`, [answer.status, kindOf(answer)], [400, 'BAD_USER_INPUT']);
      }
    }
    return 'BAD_USER_INPUT for every field and every wrong value';
  },
};

const echo: Attack = {
  ids: ['V-37', 'G-20'],
  title: 'a value that comes back in an answer',
  needs: 'url',
  run: async (target, findings) => {
    const look = (name: string, { body, headers }: Answer) =>
      findings.expect(name, tracesOf(body + JSON.stringify(headers)), []);
    for (const [mutation, input] of canaryInputs) {
      look(`${mutation}, right types`, await ask(target, documents[mutation], { variables: { input } }));
      for (const field of Object.keys(input)) {
        for (const value of [[canary], { value: canary }, { [canary]: 1 }, 5]) {
          const variables = { input: { ...input, [field]: value } };
          look(`${mutation}.${field} as ${typeof value}`, await ask(target, documents[mutation], { variables }));
        }
      }
      const unknown = { input: { ...input, 'canary-7f3a91d2c4e8': canary } };
      look(`${mutation}, an unknown field`, await ask(target, documents[mutation], { variables: unknown }));
    }
    const text = JSON.stringify(canary);
    for (const literal of [
      text,
      `[${text}]`,
      `{ value: ${text} }`,
      'canary_7f3a91d2c4e8',
      '"canary-7f3a91d2c4e8',
      `"""${canary}"""`,
    ]) {
      look(
        `the literal ${literal}`,
        await ask(target, `mutation { signIn(input: { email: ${literal}, password: 5 }) { __typename } }`),
      );
      look(`the argument ${literal}`, await ask(target, `{ passwordResetKey(key: ${literal}, x: 1) { __typename } }`));
    }
    const caller = target.stranger();
    look('the name of the operation', await ask(target, 'query A { __typename }', { operationName: canary }));
    look('the path', await caller.get(`/${encodeURIComponent(canary)}`));
    look('the path of the page', await caller.get(`/reset-password/${encodeURIComponent(canary)}`));
    look('the query string', await caller.get(`/reset-password?key=${encodeURIComponent(canary)}`));
    look('no JSON', await caller.post(`{${canary}`));
    look('a type', await caller.post('{}', { 'content-type': 'canary-7f3a91d2c4e8/json' }));
    look('a Host', await caller.post('{}', { host: 'canary-7f3a91d2c4e8 x' }));
    look(
      'an access token',
      await caller.post({ query: '{ me { id } }' }, { authorization: 'Bearer canary-7f3a91d2c4e8' }),
    );
    look('a request id', await caller.post({ query: '{ x }' }, { 'x-request-id': 'canary-7f3a91d2c4e8' }));
    return 'no answer and no header holds it, in any of its forms';
  },
};

const publicSide: Attack = {
  ids: ['V-12', 'V-16', 'B10'],
  title: 'secrets, ids and figures that the public side hands out',
  needs: 'url',
  run: async (target, findings) => {
    const caller = target.stranger();
    for (const path of [
      '/metrics',
      '/healthz',
      '/debug',
      '/debug/pprof',
      '/.env',
      '/status',
      '/admin',
      '/jobs',
      '/api',
      '/robots.txt~',
      '/package.json',
      '/../package.json',
      '/%2e%2e/package.json',
      '/reset-password/../../package.json',
      '/.git/config',
      '/dist/latchkey.js',
      '/dist/src/main.js',
      '/server.js.map',
    ]) {
      const answer = await caller.get(path);
      findings.note(path, answer.status === 404 || answer.status === 400, withoutId(answer));
    }
    const jwks = await caller.get('/.well-known/jwks.json');
    const { keys } = JSON.parse(jwks.body) as { keys: Record<string, unknown>[] };
    for (const key of keys)
      findings.expect(
        'members of a public key',
        Object.keys(key).filter((name) => /^(?:d|p|q|dp|dq|qi|k)$/.test(name)),
        [],
      );
    for (const path of ['/livez', '/readyz']) {
      const { body } = await caller.get(path);
      findings.note(
        `what ${path} tells`,
        !/password|@|postgres(?:ql)?:\/\/|redis:\/\/|127\.0\.0\.1|select /i.test(body),
        body,
      );
    }
    const ids = [];
    for (let index = 0; index < 20; index++) {
      const answer = await caller.post({
        query: documents.requestPasswordReset,
        variables: { input: { email: target.address() } },
      });
      const body = withoutId(answer);
      if (index === 0)
        findings.note(
          'the answer to a request',
          /^200 \{"data":\{"requestPasswordReset":\{"__typename":"PasswordResetRequested"\}\}\}\s*$/.test(body),
          body,
        );
      findings.note(
        'headers',
        !/[A-Za-z0-9_-]{43}/.test(JSON.stringify(answer.headers)) && answer.headers['set-cookie'] === undefined,
        answer.headers,
      );
      ids.push(answer.headers['x-request-id'] ?? '');
    }
    findings.note(
      'ids of requests',
      new Set(ids).size === ids.length && ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(id)),
      ids,
    );
    return 'nothing beside what the schema says, and ids are random';
  },
};

export const answers: readonly Attack[] = [missing, echo, publicSide];
