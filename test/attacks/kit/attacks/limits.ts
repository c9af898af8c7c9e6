import { documents } from '../../attack.js';
import type { Attack } from '../attack.js';
import { kindOf } from '../refusal.js';
import type { Stage } from '../stage.js';

/** Requests of one client that are accepted by default, in 900 s. */
const most = 30;
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
type Variation = { headers?: Record<string, string>; path?: string; body?: object };

/** How many of 36 requests of one client are accepted that differ as `vary` says. */
async function accepted(stage: Stage, vary: (index: number) => Variation): Promise<number> {
  const caller = stage.stranger();
  let count = 0;
  for (let index = 0; index < most + 6; index++) {
    const { headers = {}, path = '/graphql', body = {} } = vary(index);
    const whole = { query: documents.requestPasswordReset, variables: { input: { email: stage.address() } }, ...body };
    const request = { path, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(whole) };
    if (kindOf(await caller.send(request)) === 'PasswordResetRequested') count++;
  }
  return count;
}

const chosen: Attack = {
  ids: ['V-17'],
  title: 'a limit whose name the caller chooses',
  needs: 'stage',
  run: async (stage, findings) => {
    const ways: Record<string, (index: number) => Variation> = {
      'nothing else': () => ({}),
      'another field beside the query': (i) => ({ body: { email: `x${i}@kit.example`, ip: `192.0.2.${i}` } }),
      'another variable': (i) => ({
        body: { variables: { input: { email: `y${i}@kit.example` }, email: `x${i}@kit.example` } },
      }),
      'another query string': (i) => ({ path: `/graphql?email=x${i}@kit.example&ip=192.0.2.${i}` }),
      'another name of the operation': (i) => ({
        body: { query: documents.requestPasswordReset.replace('mutation', `mutation M${i}`), operationName: `M${i}` },
      }),
      'another user agent and language': (i) => ({
        headers: { 'user-agent': `agent ${i}`, 'accept-language': `x-${i}` },
      }),
      'another Host and Origin': (i) => ({ headers: { host: `h${i}.example`, origin: `https://o${i}.example` } }),
      'another cookie': (i) => ({ headers: { cookie: `session=${i}` } }),
      'another access token': (i) => ({ headers: { authorization: `Bearer ${i}.${i}.${i}` } }),
      'another request id': (i) => ({
        headers: { 'x-request-id': `${i}`, traceparent: `00-${String(i).padStart(32, '0')}-${'1'.repeat(16)}-01` },
      }),
      'another device': (i) => ({
        body: { variables: { input: { email: `y${i}@kit.example`, device: String(i).padStart(43, 'A') } } },
      }),
    };
    for (const [name, vary] of Object.entries(ways)) findings.expect(name, await accepted(stage, vary), most);
    findings.tried *= most + 6;
    return `${most} are accepted, whatever else is said`;
  },
};

const forged: Attack = {
  ids: ['V-19'],
  title: 'another address at each call, by headers',
  needs: 'stage',
  run: async (stage, findings) => {
    const names = [
      'x-forwarded-for',
      'x-real-ip',
      'true-client-ip',
      'cf-connecting-ip',
      'cf-connecting-ipv6',
      'x-client-ip',
      'x-cluster-client-ip',
      'x-originating-ip',
      'x-remote-addr',
      'x-remote-ip',
      'fastly-client-ip',
      'fly-client-ip',
      'x-envoy-external-address',
      'x-azure-clientip',
      'via',
      'x-forwarded',
    ];
    for (const name of names) {
      const count = await accepted(stage, (index) => ({ headers: { [name]: `203.0.113.${index + 1}` } }));
      findings.expect(name, count, most);
    }
    const forwarded = await accepted(stage, (index) => ({
      headers: { forwarded: `for=203.0.113.${index + 1};proto=https` },
    }));
    findings.expect('Forwarded', forwarded, most);
    const lists = await accepted(stage, (index) => ({
      headers: { 'x-forwarded-for': `203.0.113.${index + 1}, 127.0.0.1` },
    }));
    findings.expect('a list in X-Forwarded-For', lists, most);
    const settings = { TRUST_PROXY: '127.0.0.0/8', LIMIT_RESET_PER_NETWORK: '9999/900' };
    await stage.beside({ settings, workers: 0 }, async (behind) => {
      const spellings: Record<string, (index: number) => string> = {
        'addresses of one IPv6 /64': (i) => `2001:db8:1:1::${i + 1}`,
        'spellings of one IPv4 address': (i) =>
          ['198.51.100.9', '::ffff:198.51.100.9', '::FFFF:c633:6409', '198.51.100.9:4711', '[::ffff:198.51.100.9]:1'][
            i % 5
          ] ?? '',
        'what stands before the last hop': (i) => `192.0.2.${i + 1}, 198.51.100.10`,
        'our own proxies before the last hop': (i) => `127.0.0.${i + 1}, 198.51.100.11, 127.0.0.9`,
        'ports of one address': (i) => `198.51.100.12:${4_000 + i}, 127.0.0.5:8080`,
        'zones of one address': (i) => `2001:db8:1:2::1%eth${i}`,
      };
      for (const [name, address] of Object.entries(spellings)) {
        const count = await accepted(behind, (index) => ({ headers: { 'x-forwarded-for': address(index) } }));
        findings.expect(`behind a proxy: ${name}`, count, most);
      }
      const people = await accepted(behind, (index) => ({ headers: { 'x-forwarded-for': `198.18.${index}.1` } }));
      findings.expect('behind a proxy: as many people', people, most + 6);
    });
    findings.tried *= most + 6;
    return `${most} are accepted; behind a proxy the last hop that is none counts, an IPv6 /64 as one`;
  },
};

const spelled: Attack = {
  ids: ['V-18'],
  title: 'another spelling of one address at each call',
  needs: 'stage',
  run: async (stage, findings) => {
    const owner = await stage.account(stage.address());
    const [local = '', domain = ''] = owner.email.split('@');
    const spellings = [
      owner.email,
      owner.email.toUpperCase(),
      `  ${owner.email}`,
      `${owner.email}  `,
      `${local}@KIT.example`,
      `${local}@ｋｉｔ.example`,
      `${local}@kit。example`,
      `${local}@ⓚit.example`,
      `${local[0]?.toUpperCase()}${local.slice(1)}@${domain}`,
      `${local}@kit．example`,
    ];
    for (const email of many(30, (index) => spellings[index % spellings.length] ?? '')) {
      const answer = await stage.stranger().client.requestPasswordReset({ email });
      findings.expect(`a request for ${email}`, answer.__typename, 'PasswordResetRequested');
    }
    await stage.settled();
    const mails = stage.mailsTo(owner.email).length;
    // Three an hour, and one for a network that did not use the budget up.
    findings.note('mails', mails >= 3 && mails <= 4, mails);
    const caller = stage.stranger();
    const heard = [];
    for (const email of many(14, (index) => spellings[index % spellings.length] ?? ''))
      heard.push((await caller.client.signIn({ email, password: 'not the password of anybody' })).__typename);
    findings.expect(
      'wrong sign-ins of one client that were heard',
      heard.filter((each) => each === 'InvalidCredentials').length,
      10,
    );
    const signUps = stage.address();
    for (const tag of ['', '+a', '+b', '+c', '+d', '+e', '+f'])
      await stage.stranger().client.signUp({ email: signUps.replace('@', `${tag}@`), password: 'a password of mine' });
    await stage.settled();
    const bombed = stage.inbox
      .mails()
      .filter(({ envelope }) => envelope.to.some((to) => to.startsWith(signUps.split('@')[0] ?? '')));
    findings.note('mails of sign-ups to one mailbox', bombed.length <= 3, bombed.length);
    return 'all spellings of a mailbox count as one';
  },
};

export const limits: readonly Attack[] = [chosen, forged, spelled];
