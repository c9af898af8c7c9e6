import type { Attack } from '../attack.js';
import { isStage } from '../target.js';

const someKey = 'kPqAbcDefGhiJklMnoPqrStuVwxYz0123456789_-Ab'.slice(0, 43);

/** What link checkers and mail programs make of the link. @param mark what stands for `#`. */
const spellings = (key: string): readonly (readonly [string, string])[] => [
  ['the link', '/reset-password'],
  ['Safe Links', `/reset-password%23key=${key}`],
  ['encoded twice', `/reset-password%2523key=${key}`],
  ['an encoded equals sign', `/reset-password%23key%3D${key}`],
  ['quoted-printable', `/reset-password%23key=3D${key}`],
  ['a slash', '/reset-password/'],
  ['a slash and the key', `/reset-password/%23key=${key}`],
  ['as a query', `/reset-password?key=${key}`],
  ['as a query with more', `/reset-password?utm_source=mail&key=${key}`],
  ['with a parameter of a checker', '/reset-password?fbclid=x&e=1'],
  ['another case', '/Reset-Password'],
  ['a full stop after it', '/reset-password.'],
  ['a bracket after it', '/reset-password%3E'],
  ['a bracket and the key', `/reset-password%23key=${key}%3E`],
];

const pages: Attack = {
  ids: ['E24'],
  title: 'links as link checkers and mail programs respell them',
  needs: 'url',
  run: async (target, findings) => {
    const caller = target.stranger();
    const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    for (const [name, path] of spellings(someKey)) {
      const { status, headers, body } = await caller.get(path, html);
      const isPage = status === 200 && /^text\/html/.test(headers['content-type'] ?? '');
      findings.note(name, isPage, `${status} ${headers['content-type']}`);
      findings.note(`the key in the page: ${name}`, !body.includes(someKey), 'the page repeats the key');
    }
    for (const path of ['/nothing', '/reset-passwordx', '/reset', '/%zz']) {
      const { status, headers } = await caller.get(path, html);
      findings.note(
        `a person at ${path}`,
        status >= 400 && /^text\/html/.test(headers['content-type'] ?? ''),
        `${status} ${headers['content-type']}`,
      );
    }
    return 'the page, without the key in it; and a page in words for people elsewhere';
  },
};

const leaks: Attack = {
  ids: ['V-25'],
  title: 'a key that leaves the page by Referer, history or somebody else’s script',
  needs: 'url',
  run: async (target, findings) => {
    const caller = target.stranger();
    for (const path of ['/reset-password', `/reset-password?key=${someKey}`, `/reset-password%23key=${someKey}`]) {
      const { headers, body } = await caller.get(path, { accept: 'text/html' });
      const policy = headers['content-security-policy'] ?? '';
      const wanted = {
        'referrer-policy': /^no-referrer$/,
        // What stands in the address of an answer is kept with it.
        'cache-control': path === '/reset-password' ? /no-(?:store|cache)/ : /no-store/,
        'x-content-type-options': /^nosniff$/,
        'x-frame-options': /^DENY$/,
        'cross-origin-opener-policy': /^same-origin$/,
        ...(isStage(target) ? { 'strict-transport-security': /max-age=(?:3153[6-9]\d{3}|[4-9]\d{7}|\d{9,})/ } : {}),
      };
      for (const [name, pattern] of Object.entries(wanted))
        findings.note(`${name} of ${path}`, pattern.test(headers[name] ?? ''), headers[name] ?? 'absent');
      for (const part of [
        /default-src 'none'/,
        /frame-ancestors 'none'/,
        /base-uri 'none'/,
        /form-action '(?:none|self)'/,
      ])
        findings.note(`${part.source} of ${path}`, part.test(policy), policy);
      findings.note(
        'unsafe sources',
        !/unsafe-|\*|https?:|data:/.test(policy.replace("img-src 'self' data:", '')),
        policy,
      );
      const loads = [...body.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, to = '']) => to);
      const foreign = loads.filter(
        (to) => /^(?:https?:)?\/\//.test(to) && !/^https:\/\/recover\.example\.com\//.test(to),
      );
      if (isStage(target)) findings.expect(`what ${path} loads from elsewhere`, foreign, []);
      findings.note(
        'inline script',
        !/<script(?![^>]*src=)[^>]*>\s*\S|\son\w+=/i.test(body),
        'the page has inline script',
      );
      findings.note('cookies', headers['set-cookie'] === undefined, headers['set-cookie']);
    }
    return 'no referrer, no store where an address holds a key, no frame, no foreign source';
  },
};

const reflected: Attack = {
  ids: ['V-04'],
  title: 'an address to be led to, given by the caller',
  needs: 'url',
  run: async (target, findings) => {
    const names = [
      'redirectUrl',
      'redirectTo',
      'redirect_uri',
      'resetUrl',
      'reset_url',
      'callbackURL',
      'next',
      'host',
      'origin',
      'baseUrl',
      'to',
      'cc',
      'bcc',
      'from',
      'template',
      'subject',
    ];
    const query = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
    for (const name of names) {
      const input = { email: target.address(), [name]: 'https://evil.example' };
      findings.expect(`the input ${name}`, (await target.stranger().post({ query, variables: { input } })).status, 400);
    }
    const literal = `mutation { requestPasswordReset(input: { email: "${target.address()}" }, redirectUrl: "https://evil.example") { __typename } }`;
    findings.expect('an argument', (await target.stranger().post({ query: literal })).status, 400);
    const caller = target.stranger();
    const plain = await caller.get('/reset-password');
    const hosts: Record<string, string> = isStage(target) ? { host: 'evil.example' } : {};
    for (const parameters of [...names, 'signInUrl', 'productName', 'key', 'email', 'lang'].map(
      (name) => `${name}=https://evil.example/%3Cscript%3E`,
    )) {
      const answer = await caller.get(`/reset-password?${parameters}`, {
        ...hosts,
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
      });
      findings.note(
        `the page with ${parameters}`,
        answer.status === 200 && !answer.body.includes('evil.example'),
        answer.body,
      );
    }
    for (const path of [
      '//evil.example/reset-password',
      '/\\evil.example/reset-password',
      '/reset-password//evil.example',
      '/.evil.example',
    ]) {
      const { status, headers, body } = await caller.get(path);
      const leadsAway = headers.location?.includes('evil.example') || (status < 400 && body.includes('evil.example'));
      findings.note(path, !leadsAway, `${status} ${headers.location}`);
    }
    findings.expect('the page itself', plain.status, 200);
    return 'refused as an input, and in no page, link or redirect';
  },
};

const scanners: Attack = {
  ids: ['V-24'],
  title: 'link scanners that open what is in a mail',
  needs: 'stage',
  run: async (stage, findings) => {
    const { key, email } = await stage.withKey();
    const caller = stage.stranger();
    for (const [name, path] of spellings(key)) {
      for (const method of ['HEAD', 'GET', 'GET', 'OPTIONS', 'POST']) {
        const { body } = await caller.send({ method, path, headers: { accept: 'text/html' } });
        findings.note(`${method} ${name}`, !body.includes(key), 'the answer repeats the key');
      }
    }
    for (let count = 0; count < 30; count++) {
      const look = await stage.stranger().client.passwordResetKey(key);
      findings.expect('a look at the key', look.__typename, 'ResetKeyValid');
    }
    const query = `query { passwordResetKey(key: "${key}") { __typename } }`;
    await caller.get(`/graphql?query=${encodeURIComponent(query)}`);
    findings.note('the key in what the processes wrote', !stage.written().includes(key), 'it stands there');
    const password = 'set after all the scanners';
    const reset = await stage.stranger().client.resetPassword({ key, password });
    findings.expect('the owner afterwards', reset.__typename, 'PasswordResetCompleted');
    findings.expect('and signs in', (await stage.stranger().client.signIn({ email, password })).__typename, 'SignedIn');
    return 'the key is good until a new password comes with it';
  },
};

export const page: readonly Attack[] = [pages, leaks, reflected, scanners];
