import { createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, type JWK, jwtVerify, SignJWT } from 'jose';

export interface AccessTokenSettings {
  /** Ed25519. Undefined in a process that issues and checks no tokens (the worker). */
  readonly signingKey: KeyObject | undefined;
  readonly ttlSeconds: number;
  readonly issuer: string;
  readonly audience: string;
}

/** What a token says: whose it is, and under which session version it was made. */
export interface AccessClaims {
  readonly accountId: string;
  readonly sessionVersion: number;
}

/**
 * Signed access tokens (JWT, EdDSA). A token is only good while its `ver` equals the account's session version: our
 * endpoints compare them at each call; other services verify the signature by `/.well-known/jwks.json`, within the TTL.
 */
export class AccessTokens {
  #keys: { privateKey: KeyObject; publicKey: KeyObject; jwk: Promise<JWK> } | undefined;

  constructor(private readonly settings: AccessTokenSettings) {}

  async issue(claims: AccessClaims): Promise<{ accessToken: string; expiresAt: Date }> {
    const { privateKey, jwk } = this.#pair();
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + this.settings.ttlSeconds;
    const accessToken = await new SignJWT({ ver: claims.sessionVersion })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: (await jwk).kid ?? '' })
      .setSubject(claims.accountId)
      .setIssuer(this.settings.issuer)
      .setAudience(this.settings.audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { accessToken, expiresAt: new Date(expiresAt * 1000) };
  }

  /** Undefined for whatever is not a token of ours in its lifetime. */
  async verify(accessToken: string): Promise<AccessClaims | undefined> {
    const { issuer, audience } = this.settings;
    const options = { issuer, audience, algorithms: ['EdDSA'], requiredClaims: ['sub', 'exp', 'iat'] };
    const result = await jwtVerify(accessToken, this.#pair().publicKey, options).catch(() => undefined);
    const { sub, ver } = result?.payload ?? {};
    return sub && Number.isSafeInteger(ver) ? { accountId: sub, sessionVersion: ver as number } : undefined;
  }

  /** JSON Web Key Set (RFC 7517) with the public key. */
  async keySet(): Promise<{ keys: JWK[] }> {
    return { keys: [await this.#pair().jwk] };
  }

  #pair() {
    const { signingKey } = this.settings;
    if (!signingKey) throw new Error('this process has no ACCESS_TOKEN_SIGNING_KEY');
    if (!this.#keys) {
      const publicKey = createPublicKey(signingKey);
      this.#keys = { privateKey: signingKey, publicKey, jwk: publicJwk(publicKey) };
    }
    return this.#keys;
  }
}

async function publicJwk(publicKey: KeyObject): Promise<JWK> {
  const jwk = await exportJWK(publicKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' };
}
