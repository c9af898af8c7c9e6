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

/** The account of a token, and the session version under which it was issued. */
export interface AccessClaims {
  readonly accountId: string;
  readonly sessionVersion: number;
  /** Of an account in an app's table: its stamp, as `Stamps.forToken` gives it; else empty. */
  readonly mark: string;
}

/**
 * The claims of a token with a valid signature. The database's clock and the session version decide if it still works.
 */
export interface SignedClaims extends AccessClaims {
  readonly expiresAt: Date;
}

/** RFC 9068 2.1 and 4: no other kind of token that is signed with the same key is accepted as an access token. */
const tokenType = 'at+jwt';
/** What the account's columns can hold; PostgreSQL would fail at another value, and the call with it. */
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const isVersion = (version: number) => Number.isInteger(version) && version > 0 && version < 2 ** 31;
/** The library always compares the time. At 1970 no token has expired, so it leaves the check to the caller. */
const noTime = new Date(0);

/**
 * Signed access tokens (JWT, EdDSA). A token works only while its `ver` equals the account's session version: this
 * service compares them at each call. Other services verify only signature (`/.well-known/jwks.json`) and expiry.
 */
export class AccessTokens {
  #pairs: readonly Pair[] | undefined;

  constructor(private readonly settings: AccessTokenSettings) {}

  /**
   * Issues a token that lives `ttlSeconds`.
   *
   * @param now the database's clock, so that a wrong clock of this machine does not matter.
   * @throws Error when this process has no signing key.
   */
  async issue(claims: AccessClaims, now: Date): Promise<{ accessToken: string; expiresAt: Date }> {
    const [{ privateKey, jwk }] = this.#keys();
    const issuedAt = Math.floor(now.getTime() / 1000);
    const expiresAt = issuedAt + this.settings.ttlSeconds;
    const accessToken = await new SignJWT({ ver: versionOf(claims) })
      .setProtectedHeader({ alg: 'EdDSA', typ: tokenType, kid: (await jwk).kid ?? '' })
      .setSubject(claims.accountId)
      .setIssuer(this.settings.issuer)
      .setAudience(this.settings.audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { accessToken, expiresAt: new Date(expiresAt * 1000) };
  }

  /**
   * Checks signature and form, and no clock: the caller compares `expiresAt` with the database's.
   *
   * @returns undefined for everything that is not an access token of ours.
   * @throws Error when this process has no signing key.
   */
  async verify(accessToken: string): Promise<SignedClaims | undefined> {
    const { issuer, audience } = this.settings;
    const requiredClaims = ['sub', 'exp', 'iat'];
    const options = { issuer, audience, algorithms: ['EdDSA'], typ: tokenType, requiredClaims, currentDate: noTime };
    for (const { publicKey } of this.#keys()) {
      const result = await jwtVerify(accessToken, publicKey, options).catch(() => undefined);
      const { sub, ver, exp } = result?.payload ?? {};
      const claims = typeof sub === 'string' ? claimsOf(sub, ver) : undefined;
      if (!claims || exp === undefined) continue;
      return { ...claims, expiresAt: new Date(exp * 1000) };
    }
    return undefined;
  }

  /** JSON Web Key Set (RFC 7517) with every public key; the first belongs to the key that signs. Empty without keys. */
  async keySet(): Promise<{ keys: JWK[] }> {
    if (this.settings.signingKeys.length === 0) return { keys: [] };
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

/** `ver`: in our own table the version, a number; with an app's table also the mark: `3.q83vEjRWeJA`. */
function versionOf({ sessionVersion, mark }: AccessClaims): number | string {
  return mark ? `${sessionVersion}.${mark}` : sessionVersion;
}

function claimsOf(accountId: string, ver: unknown): AccessClaims | undefined {
  if (typeof ver === 'number') {
    return uuid.test(accountId) && isVersion(ver) ? { accountId, sessionVersion: ver, mark: '' } : undefined;
  }
  const [, version, mark = ''] = typeof ver === 'string' ? (/^([1-9]\d{0,9})\.([\w-]{11})$/.exec(ver) ?? []) : [];
  return isVersion(Number(version)) ? { accountId, sessionVersion: Number(version), mark } : undefined;
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Promise<JWK>;
}

async function publicJwk(publicKey: KeyObject): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid: await kidOf(publicKey), alg: 'EdDSA', use: 'sig' };
}
