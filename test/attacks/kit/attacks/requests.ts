import { documents, json, sendRaw } from '../../attack.js';
import type { Attack } from '../attack.js';
import { expectRefused, kindOf } from '../refusal.js';
import type { Target } from '../target.js';

const request = (target: Target) => ({
  query: documents.requestPasswordReset,
  variables: { input: { email: target.address() } },
});

const pollution: Attack = {
  ids: ['V-49'],
  title: 'prototypes and parameters said twice',
  needs: 'url',
  run: async (target, findings) => {
    const { query } = request(target);
    const input = JSON.stringify({ email: target.address() });
    for (const [name, body] of [
      ['__proto__ for the input', `{"query":"${query}","variables":{"__proto__":{"input":${input}}}}`],
      ['__proto__ in the input', `{"query":"${query}","variables":{"input":{"__proto__":${input}}}}`],
      ['constructor', `{"query":"${query}","variables":{"constructor":{"prototype":{"input":${input}}}}}`],
      ['constructor in the input', `{"query":"${query}","variables":{"input":{"constructor":{"prototype":${input}}}}}`],
      ['__proto__ for everything', `{"__proto__":{"query":"${query}","variables":{"input":${input}}}}`],
      ['toString for an address', `{"query":"${query}","variables":{"input":{"email":{"toString":"a@kit.example"}}}}`],
    ] as const) {
      await expectRefused(findings, name, () => target.stranger().post(body));
    }
    const twice = `{"query":"${query}","variables":{"input":${input}},"query":"{ __typename }"}`;
    findings.expect(
      'the query twice: the last alone',
      (await target.stranger().post(twice)).body.trim(),
      '{"data":{"__typename":"Query"}}',
    );
    const path = `/graphql?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(`{"input":${input}}`)}`;
    const inBoth = await target.stranger().send({ path, headers: json, body: '{"query":"{ __typename }"}' });
    findings.expect('body and query string: the body alone', inBoth.body.trim(), '{"data":{"__typename":"Query"}}');
    const none = await target.stranger().send({ path, headers: json, body: '{}' });
    findings.expect('query string alone', none.status, 400);
    const admin = await target.stranger().post('{"query":"{ __typename isAdmin }","__proto__":{"isAdmin":true}}');
    findings.expect('a field from the prototype', admin.status, 400);
    return 'ignored or refused; the body alone counts';
  },
};

const hosts: Attack = {
  ids: ['C15'],
  title: 'two hosts, two lengths, and other requests that two servers read differently',
  needs: 'url',
  run: async (target, findings) => {
    const url = target.urls[0] ?? '';
    const { host } = new URL(url);
    const end = 'Connection: close\r\n\r\n';
    for (const [name, text] of [
      ['two Hosts', `GET /livez HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n${end}`],
      ['two Hosts of another case', `GET /livez HTTP/1.1\r\nHost: ${host}\r\nhOsT: evil.example\r\n${end}`],
      ['a list of Hosts', `GET /livez HTTP/1.1\r\nHost: ${host}, evil.example\r\n${end}`],
      ['another Host than the target', `GET http://evil.example/livez HTTP/1.1\r\nHost: ${host}\r\n${end}`],
      ['a user in the target', `GET http://evil@${host}/livez HTTP/1.1\r\nHost: ${host}\r\n${end}`],
      ['no Host', `GET /livez HTTP/1.1\r\n${end}`],
      ['two lengths', `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n${end}{}`],
      [
        'a length and chunks',
        `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n`,
      ],
      [
        'chunks in another spelling',
        `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: xchunked\r\n${end}0\r\n\r\n`,
      ],
      ['a space before the colon', `GET /livez HTTP/1.1\r\nHost : ${host}\r\n${end}`],
      ['a folded header', `GET /livez HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n b\r\n${end}`],
    ] as const) {
      const { status, body } = await sendRaw(url, text);
      findings.note(name, status >= 400 && status < 600, `${status} ${body}`);
    }
    return 'refused';
  },
};

const broken: Attack = {
  ids: ['G-12'],
  title: 'bodies that are no request, and what the answers tell',
  needs: 'url',
  run: async (target, findings) => {
    const legal = JSON.stringify(request(target));
    const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding);
    for (const [name, body] of [
      ['nothing', ''],
      ['null', 'null'],
      ['a text', '"x"'],
      ['a truncated object', legal.slice(0, -3)],
      ['a comma too many', legal.replace(/}$/, ',}')],
      ['a comment', `/* x */${legal}`],
      ['two objects', legal + legal],
      ['NaN', '{"query":NaN}'],
      ['NUL', `${legal}\0`],
      ['two byte order marks', `\ufeff\ufeff${legal}`],
      ['UTF-16', bytes(legal, 'utf16le')],
      [
        'a byte that is no UTF-8',
        Buffer.concat([bytes(legal.slice(0, -6), 'utf8'), bytes('ff', 'hex'), bytes('"}}}', 'utf8')]),
      ],
      [
        'a surrogate in UTF-8',
        Buffer.concat([bytes(legal.slice(0, -6), 'utf8'), bytes('eda080', 'hex'), bytes('"}}}', 'utf8')]),
      ],
      ['a wrong name of the operation', JSON.stringify({ query: 'query A { __typename }', operationName: 'B' })],
      [
        'a long name of the operation',
        JSON.stringify({ query: 'query A { __typename }', operationName: 'B'.repeat(9_000) }),
      ],
      ['a syntax error', JSON.stringify({ query: '{ me { ' })],
      ['an empty query', JSON.stringify({ query: ' ' })],
    ] as const) {
      const answer = await expectRefused(findings, name, () => target.stranger().send({ headers: json, body }));
      const tells = /\bat \S+ \(|node_modules|\.[jt]s:\d|select |stacktrace|SyntaxError|position \d/i.exec(answer.body);
      findings.note(`what it tells of ${name}`, tells === null, answer.body);
      findings.note(`its code of ${name}`, /^[A-Z_,]+$/.test(kindOf(answer)), answer.body);
    }
    const traced = await target
      .stranger()
      .post(
        { query: '{ passwordPolicy { minLength } }', extensions: { tracing: true, cacheControl: true } },
        { 'apollo-federation-include-trace': 'ftv1', 'x-apollo-tracing': '1', 'apollo-query-plan-experimental': '1' },
      );
    findings.note('a trace', !/extensions/.test(traced.body) && traced.status === 200, traced.body);
    return 'fixed codes; no stack, file, statement or trace';
  },
};

export const requests: readonly Attack[] = [pollution, hosts, broken];
