import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { CredentialEvent, EventType } from './event.js';
import type { Message } from './webhook.js';

export interface SecurityEventSettings {
  /** Ed25519, and its id in the JWKS. */
  readonly key: KeyObject;
  readonly kid: string;
  /** Issuer of the tokens, and of the accounts' ids. */
  readonly issuer: string;
  /** The URL of the receiver. */
  readonly url: string;
}

const caep = 'https://schemas.openid.net/secevent/caep/event-type';
const risc = 'https://schemas.openid.net/secevent/risc/event-type';
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

const newPassword = {
  type: `${caep}/credential-change`,
  claims: { credential_type: 'password', change_type: 'update' },
};
const revoked = { type: `${caep}/session-revoked`, claims: {} };
/** CAEP 1.0; what it has no event for is RISC's, and a test is a verification of the Shared Signals Framework. */
const events: Readonly<Record<EventType, { readonly type: string; readonly claims: object }>> = {
  'password.reset': newPassword,
  'password.changed': newPassword,
  'password.disputed': newPassword,
  'sessions.ended': revoked,
  'account.disabled': revoked,
  'account.deleted': revoked,
  'account.enabled': { type: `${risc}/account-enabled`, claims: {} },
  'latchkey.test': { type: verification, claims: {} },
};

/**
 * An event as a Security Event Token (RFC 8417), to be pushed as RFC 8935 says. `aud` is the receiver's URL without its
 * query; `sub_id` names the account by issuer and id (RFC 9493); `sequence` is ours, within the event.
 *
 * @param now milliseconds since 1970; `iat`.
 */
export async function securityEventOf(
  { id, type, accountId, at, sequence }: CredentialEvent,
  { key, kid, issuer, url }: SecurityEventSettings,
  now: number,
): Promise<Message> {
  const told = events[type];
  const happened = { event_timestamp: Math.floor(Date.parse(at) / 1000), sequence };
  const subject = { format: 'iss_sub', iss: issuer, sub: accountId };
  const body = await new SignJWT({ sub_id: subject, events: { [told.type]: { ...told.claims, ...happened } } })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'secevent+jwt', kid })
    .setIssuer(issuer)
    .setAudience(url.replace(/\?.*$/s, ''))
    .setIssuedAt(Math.floor(now / 1000))
    .setJti(id)
    .sign(key);
  return { headers: { 'content-type': 'application/secevent+jwt', accept: 'application/json' }, body };
}
