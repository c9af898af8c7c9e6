import { documents, json, type Request } from '../../attack.js';
import type { Attack, OutsideAttack } from '../attack.js';
import { expectRefused } from '../refusal.js';
import { isStage } from '../target.js';

/** @param email of whom the call asks a mail for. */
type Inputs = (email: string) => readonly (readonly [string, Request])[];

/** Calls that must be refused with one of the statuses, and that must do nothing. */
function nothingHappens(
  ids: readonly string[],
  title: string,
  statuses: readonly number[],
  inputs: Inputs,
): OutsideAttack {
  return {
    ids,
    title,
    needs: 'url',
    run: async (target, findings) => {
      const email = isStage(target) ? (await target.account()).email : target.address();
      for (const [name, request] of inputs(email)) {
        await expectRefused(findings, name, () => target.stranger().send(request), statuses);
      }
      if (!isStage(target))
        return `refused with ${statuses.join(' or ')}; whether a mail left cannot be seen from here`;
      await target.settled();
      const subjects = target.mailsTo(email).map(({ subject }) => subject);
      findings.expect('mails that left all the same', subjects, []);
      return `refused with ${statuses.join(' or ')}, and no mail left`;
    },
  };
}

const query = documents.requestPasswordReset;
const legalBody = (email: string) => JSON.stringify({ query, variables: { input: { email } } });
const inSearch = (email: string) =>
  `query=${encodeURIComponent(query)}&variables=${encodeURIComponent(JSON.stringify({ input: { email } }))}`;
const inline = (email: string) =>
  encodeURIComponent(`mutation{requestPasswordReset(input:{email:"${email}"}){__typename}}`);

const byGet: Inputs = (email) => {
  const path = `/graphql?${inSearch(email)}`;
  const body = legalBody(email);
  return [
    ['GET with variables', { method: 'GET', path }],
    ['GET with literals', { method: 'GET', path: `/graphql?query=${inline(email)}` }],
    ['GET with a query', { method: 'GET', path: '/graphql?query={__typename}' }],
    [
      'GET with headers against forgery',
      { method: 'GET', path, headers: { ...json, 'apollo-require-preflight': '1' } },
    ],
    ['GET with an operation name', { method: 'GET', path, headers: { 'x-apollo-operation-name': 'a' } }],
    ['GET with a body', { method: 'GET', headers: json, body }],
    ['GET for a page', { method: 'GET', path, headers: { accept: 'text/html' } }],
    ['GET that says POST', { method: 'GET', path, headers: { 'x-http-method-override': 'POST' } }],
    [
      'GET that says POST otherwise',
      { method: 'GET', path, headers: { 'x-http-method': 'POST', 'x-method-override': 'POST' } },
    ],
    ['GET that says POST in its query', { method: 'GET', path: `${path}&_method=POST&method=POST` }],
    ['HEAD', { method: 'HEAD', path }],
    ...['PUT', 'PATCH', 'DELETE'].map((method) => [method, { method, headers: json, body }] as const),
  ];
};

const part = (name: string, text: string) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
const foreign = {
  origin: 'https://evil.example',
  referer: 'https://evil.example/',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'no-cors',
};

const simple: Inputs = (email) => {
  const body = legalBody(email);
  const typed = (type: string, text = body): Request => ({ headers: { ...foreign, 'content-type': type }, body: text });
  return [
    ['no type', { headers: foreign, body }],
    ['an empty type', typed('')],
    ['a form', typed('application/x-www-form-urlencoded', inSearch(email))],
    ['a form that holds JSON', typed('application/x-www-form-urlencoded')],
    ['plain text', typed('text/plain')],
    ['plain text in UTF-8', typed('text/plain; charset=UTF-8')],
    ['plain text that says JSON', typed('text/plain; application/json')],
    ['plain text with a parameter', typed('text/plain; x=application/json')],
    ['JSON that says plain text', typed('application/json;text/plain')],
    ['JSON, then plain text', typed('application/json, text/plain')],
    ['plain text, then JSON', typed('text/plain\t,application/json')],
    ['text/json', typed('text/json')],
    ['a dialect of JSON', typed('application/vnd.api+json')],
    ['application/graphql', typed('application/graphql', query)],
    ['JSON in upper case and UTF-16', typed('APPLICATION/JSON; CHARSET=UTF-16')],
    ['JSON in UTF-7', typed('application/json; charset=utf-7')],
    ['two charsets', typed('application/json; charset=utf-8; charset=utf-7')],
    ['a longer name', typed('application/jsonp')],
    ['an upload', typed('multipart/form-data; boundary=x', `${part('query', query)}--x--\r\n`)],
  ];
};

const uploads: Inputs = (email) => {
  const operations = part('operations', legalBody(email));
  const type = (text: string, headers = {}): Request['headers'] => ({ 'content-type': text, ...headers });
  const whole = `${operations}${part('map', '{}')}--x--\r\n`;
  const file = `${operations}${part('map', '{"0":["variables.input.email"]}')}--x\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\n${email}\r\n--x--\r\n`;
  return [
    ['the convention for uploads', { headers: type('multipart/form-data; boundary=x'), body: whole }],
    ['a file as a variable', { headers: type('multipart/form-data; boundary=x'), body: file }],
    ['in upper case', { headers: type('MULTIPART/FORM-DATA; BOUNDARY=x'), body: whole }],
    [
      'with a header against forgery',
      { headers: type('multipart/form-data; boundary=x', { 'apollo-require-preflight': 'true' }), body: whole },
    ],
    ['multipart/mixed', { headers: type('multipart/mixed; boundary=x'), body: whole }],
  ];
};

const origins: Attack = {
  ids: ['G-09', 'E27'],
  title: 'a grant to a foreign origin',
  needs: 'url',
  run: async (target, findings) => {
    const host = new URL(target.urls[0] ?? '').host;
    for (const origin of [
      'https://evil.example',
      'null',
      '*',
      'file://',
      'https://app.example.evil.example',
      'http://app.example',
      'https://app.example:8443',
      'https://evil.preview.acme.example.evil.example',
      'https://a.b.preview.acme.example',
      'https://.preview.acme.example',
      'https://preview.acme.example',
      'capacitor://localhost.evil.example',
      'capacitor://evil',
      'https://localhost',
      `https://${host}.evil.example`,
      'https://evil.example\\@app.example',
    ]) {
      const caller = target.stranger();
      const asked = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      };
      const preflight = await caller.send({ method: 'OPTIONS', headers: asked });
      const call = await caller.post({ query: '{ __typename }' }, { origin });
      for (const { headers } of [preflight, call]) {
        const grant = [headers['access-control-allow-origin'], headers['access-control-allow-credentials']];
        findings.expect(origin, grant, [undefined, undefined]);
      }
    }
    return 'no grant, neither to a preflight nor to a call';
  },
};

const allowed: Attack = {
  ids: ['E27'],
  title: 'a browser of an allowed origin with headers of its tools, and who looks like one',
  needs: 'stage',
  run: async (stage, findings) => {
    const names = 'content-type,sentry-trace,baggage,apollographql-client-name,traceparent';
    for (const origin of ['https://app.example', 'https://pr-12.preview.acme.example', 'capacitor://localhost']) {
      const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': names };
      const { status, headers } = await stage.stranger().send({ method: 'OPTIONS', headers: asked });
      const grant = [status, headers['access-control-allow-origin'], headers['access-control-allow-headers']];
      findings.expect(origin, grant, [204, origin, names]);
      findings.note(`cookies for ${origin}`, headers['access-control-allow-credentials'] === undefined, headers);
      findings.note(`caches for ${origin}`, /origin/i.test(headers.vary ?? ''), headers);
    }
    return 'every header is granted to allowed origins, and no cookies';
  },
};

export const crossSite: readonly Attack[] = [
  nothingHappens(['G-08'], 'a mutation by another method than POST', [405], byGet),
  nothingHappens(['G-09'], 'a request that a foreign page can send without asking', [415], simple),
  nothingHappens(['G-17'], 'multipart uploads', [415], uploads),
  origins,
  allowed,
];
