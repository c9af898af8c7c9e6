import { createPublicKey, type KeyObject } from 'node:crypto';
import { exportJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { kidOf } from '../../secrets/key-id.js';

export interface AccessTokenSettings {
  /** Ed25519; the first signs, all verify. None in a process that issues and checks no tokens (the worker). */
  readonly signingKeys: readonly KeyObject[];
  readonly ttlSeconds: number;
  readonly issuer: string;
  readonly audience: string;
}

/** What a token says: whose it is, and under which session version it was made. */
export interface AccessClaims {
  readonly accountId: string;
  readonly sessionVersion: number;
}

/** A token that we signed. Whether it is still good, the database's clock and the account's session version decide. */
export interface SignedClaims extends AccessClaims {
  readonly expiresAt: Date;
}

/** RFC 9068 2.1 and 4: so that no other token of the same key, of whatever service, passes for an access token. */
const tokenType = 'at+jwt';
/** For a library that insists on looking at the time: no token has expired at the beginning of all time. */
const noTime = new Date(0);

/**
 * Signed access tokens (JWT, EdDSA). A token is only good while its `ver` equals the account's session version: our
 * endpoints compare them at each call; other services verify the signature by `/.well-known/jwks.json`, within the TTL.
 */
export class AccessTokens {
  #pairs: readonly Pair[] | undefined;

  constructor(private readonly settings: AccessTokenSettings) {}

  /** @param now the database's clock, so that a machine whose own clock is wrong makes good tokens. */
  async issue(claims: AccessClaims, now: Date): Promise<{ accessToken: string; expiresAt: Date }> {
    const [{ privateKey, jwk }] = this.#keys();
    const issuedAt = Math.floor(now.getTime() / 1000);
    const expiresAt = issuedAt + this.settings.ttlSeconds;
    const accessToken = await new SignJWT({ ver: claims.sessionVersion })
      .setProtectedHeader({ alg: 'EdDSA', typ: tokenType, kid: (await jwk).kid ?? '' })
      .setSubject(claims.accountId)
      .setIssuer(this.settings.issuer)
      .setAudience(this.settings.audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { accessToken, expiresAt: new Date(expiresAt * 1000) };
  }

  /** Undefined for whatever is not a token of ours. Looks at no clock: the caller compares `expiresAt` with the database's. */
  async verify(accessToken: string): Promise<SignedClaims | undefined> {
    const { issuer, audience } = this.settings;
    const requiredClaims = ['sub', 'exp', 'iat'];
    const options = { issuer, audience, algorithms: ['EdDSA'], typ: tokenType, requiredClaims, currentDate: noTime };
    for (const { publicKey } of this.#keys()) {
      const result = await jwtVerify(accessToken, publicKey, options).catch(() => undefined);
      const { sub, ver, exp } = result?.payload ?? {};
      if (!sub || !Number.isSafeInteger(ver) || exp === undefined) continue;
      return { accountId: sub, sessionVersion: ver as number, expiresAt: new Date(exp * 1000) };
    }
    return undefined;
  }

  /** JSON Web Key Set (RFC 7517) with every public key, the one that signs first. */
  async keySet(): Promise<{ keys: JWK[] }> {
    return { keys: await Promise.all(this.#keys().map(({ jwk }) => jwk)) };
  }

  #keys(): readonly [Pair, ...Pair[]] {
    this.#pairs ??= this.settings.signingKeys.map((privateKey) => {
      const publicKey = createPublicKey(privateKey);
      return { privateKey, publicKey, jwk: publicJwk(publicKey) };
    });
    const [first, ...others] = this.#pairs;
    if (!first) throw new Error('this process has no ACCESS_TOKEN_SIGNING_KEY');
    return [first, ...others];
  }
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Promise<JWK>;
}

async function publicJwk(publicKey: KeyObject): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid: await kidOf(publicKey), alg: 'EdDSA', use: 'sig' };
}
