import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Attack } from '../attack.js';
import { isTaken, tokenOf } from '../owner.js';

const encode = (part: object | string | Buffer) =>
  (typeof part === 'object' && !Buffer.isBuffer(part) ? Buffer.from(JSON.stringify(part)) : Buffer.from(part)).toString(
    'base64url',
  );
type Claims = Record<string, unknown>;

const forged: Attack = {
  ids: ['C15'],
  title: 'forged, changed and foreign access tokens',
  needs: 'stage',
  run: async (stage, findings) => {
    const owner = await stage.account();
    const other = await stage.account();
    const token = (await tokenOf(stage, owner.email)) ?? '';
    findings.expect('the real one', await isTaken(stage, token), true);
    const [head = '', body = '', signature = ''] = token.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Claims;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
    findings.expect('its type', header.typ, 'at+jwt');
    const own = createPrivateKey(stage.settings.ACCESS_TOKEN_SIGNING_KEY ?? '');
    const { privateKey: stranger, publicKey } = generateKeyPairSync('ed25519');
    const signed = (claim: Claims, key = own, heads: Claims = header) => {
      const text = `${encode(heads)}.${encode(claim)}`;
      return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
    };
    const hmac = (secret: string | Buffer, alg = 'HS256') => {
      const text = `${encode({ ...header, alg })}.${encode(claims)}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    findings.expect('one that we sign as it does', await isTaken(stage, signed(claims)), true);
    const { keys } = JSON.parse((await stage.stranger().get('/.well-known/jwks.json')).body) as { keys: Claims[] };
    const hour = 3_600;
    const now = Math.floor(Date.now() / 1_000);
    const jwk = publicKey.export({ format: 'jwk' });
    const tokens: Record<string, string> = {
      'no algorithm': `${encode({ ...header, alg: 'none' })}.${body}.`,
      'no algorithm, in capitals': `${encode({ ...header, alg: 'NONE' })}.${body}.${signature}`,
      'no signature': `${head}.${body}.`,
      'a signature of zeros': `${head}.${body}.${encode(Buffer.alloc(64))}`,
      'a cut signature': token.slice(0, -4),
      'another body': `${head}.${encode({ ...claims, sub: other.id })}.${signature}`,
      'another key': signed(claims, stranger),
      'another key in its header': signed(claims, stranger, { ...header, jwk }),
      'another key by address': signed(claims, stranger, {
        ...header,
        jku: 'https://evil.example/jwks.json',
        x5u: 'https://evil.example',
      }),
      'a path as the name of the key': signed(claims, stranger, { ...header, kid: '../../../dev/null' }),
      'HMAC with the public key': hmac(JSON.stringify(keys[0])),
      'HMAC with the bytes of the public key': hmac(Buffer.from(String(keys[0]?.x), 'base64url')),
      'HMAC with nothing': hmac(''),
      'the type JWT': signed(claims, own, { ...header, typ: 'JWT' }),
      'no type': signed(claims, own, { alg: header.alg, kid: header.kid }),
      'critical extensions': signed(claims, own, { ...header, crit: ['x'], x: 1 }),
      'detached payload': signed(claims, own, { ...header, b64: false, crit: ['b64'] }),
      'another audience': signed({ ...claims, aud: 'https://other.example' }),
      'no audience': signed({ ...claims, aud: undefined }),
      'another issuer': signed({ ...claims, iss: 'https://other.example' }),
      'an hour after its end': signed({ ...claims, iat: now - 2 * hour, exp: now - hour }),
      'without an end': signed({ ...claims, exp: undefined }),
      'another version': signed({ ...claims, ver: Number(claims.ver) + 1 }),
      'a version before': signed({ ...claims, ver: Number(claims.ver) - 1 }),
      'a version as text': signed({ ...claims, ver: `${claims.ver}` }),
      'a version beyond all': signed({ ...claims, ver: 2 ** 40 }),
      'an end that is no time': signed({ ...claims, exp: 1e300 }),
      'no version': signed({ ...claims, ver: undefined }),
      'a subject that is no id': signed({ ...claims, sub: "' or '1'='1" }),
      nobody: signed({ ...claims, sub: '00000000-0000-4000-8000-000000000000' }),
      'a list of subjects': signed({ ...claims, sub: [owner.id] }),
      'four parts': `${token}.${signature}`,
      'JSON instead': JSON.stringify({ payload: body, protected: head, signature }),
      nothing: '',
    };
    for (const [name, each] of Object.entries(tokens)) findings.expect(name, await isTaken(stage, each), false);
    for (const scheme of ['bearer', 'BEARER', 'Basic', 'Token', '']) {
      const forgedToken = tokens['another key'] ?? '';
      const { body: text } = await stage
        .stranger()
        .post({ query: '{ me { id } }' }, { authorization: `${scheme} ${forgedToken}` });
      findings.expect(`the scheme ${scheme}`, text.trim(), '{"data":{"me":null}}');
    }
    const nobody = '{"data":{"me":null}}';
    const asked = { query: '{ me { id } }' };
    const inCookie = await stage.stranger().post(asked, { cookie: `token=${token}; access_token=${token}` });
    findings.expect('a real one in a cookie', inCookie.body.trim(), nobody);
    const headers = { 'content-type': 'application/json' };
    const search = { path: `/graphql?access_token=${token}`, headers, body: JSON.stringify(asked) };
    findings.expect('a real one in the query string', (await stage.stranger().send(search)).body.trim(), nobody);
    findings.expect('whose account it is', (await stage.stranger().as(token).me())?.id, owner.id);
    await stage.stranger().as(token).signOutEverywhere();
    findings.expect('after signing out', await isTaken(stage, token), false);
    findings.expect('one that we sign as it was', await isTaken(stage, signed(claims)), false);
    return 'only what this server signed for this account, of this version, counts';
  },
};

export const tokens: readonly Attack[] = [forged];
