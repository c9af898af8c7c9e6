import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';

const origin = 'http://localhost:4000';
let latchkey: TestLatchkey;
let id: string;
/** A server of an attacker with keys to be fetched; counts who asks. */
let asked = 0;
const keys = generateKeyPairSync('ed25519');
const server = createServer(async (_request, response) => {
  asked++;
  response.end(JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'theirs' }] }));
}).listen(0, '127.0.0.1');
beforeAll(async () => {
  latchkey = await startLatchkey({ withoutWorker: true });
  id = await latchkey.signUp('alice@example.com', 'correct horse battery');
});
afterAll(async () => {
  server.close();
  await latchkey.close();
});

const claims = () => {
  const now = Math.floor(Date.now() / 1000);
  return { sub: id, ver: 1, iss: origin, aud: origin, iat: now, exp: now + 300 };
};
const signed = (header: object, key = keys.privateKey) =>
  new SignJWT(claims()).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header }).sign(key);
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('a token does not bring', () => {
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;

  // Shows: ASVS 9.1.3
  it.each<[string, () => Promise<object>]>([
    ['its own key', async () => ({ jwk: await exportJWK(keys.publicKey) })],
    ['the address of a set of keys', async () => ({ jku: url(), kid: 'theirs' })],
    ['the address of a certificate', async () => ({ x5u: url() })],
    [
      'a certificate',
      async () => ({ x5c: [keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] }),
    ],
    ['the name of a file', async () => ({ kid: '../../../../dev/null' })],
    ['the name of our key', async () => ({ kid: (await latchkey.services.accessTokens.keySet()).keys[0]?.kid })],
  ])('%s', async (_what, header) => {
    expect(await latchkey.as(await signed(await header())).me()).toBeNull();
    expect(asked).toBe(0);
  });

  // Shows: ASVS 9.1.2
  it.each(['HS256', 'HS512', 'none', 'EdDSa', 'Ed448', 'RS256'])('another algorithm: %s', async (alg) => {
    const [ours] = latchkey.settings.accounts.accessToken.signingKeys;
    if (!ours) throw new Error('no key');
    // The public key as the secret of a MAC: what everybody knows would sign.
    const secret = createPublicKey(ours).export({ format: 'pem', type: 'spki' });
    const body = `${encoded({ alg, typ: 'at+jwt' })}.${encoded(claims())}`;
    const hash = alg === 'HS512' ? 'sha512' : 'sha256';
    for (const signature of [createHmac(hash, secret).update(body).digest('base64url'), '']) {
      expect(await latchkey.as(`${body}.${signature}`).me()).toBeNull();
    }
    // The same claims, signed as they must be, open.
    expect(await latchkey.as(await signed({}, ours)).me()).toMatchObject({ id });
  });
});
