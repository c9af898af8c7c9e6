import type { Fields } from '../records/record.js';
import { isTrue, noAddress, objectOf, type Product, type Translated, textOf, timeOf } from './product.js';

/**
 * The export of password hashes (support.auth0.com, "How to Use the Password Hashes Export from Auth0"), that of users,
 * and the form of bulk imports (auth0.com/docs, "Bulk User Import Database Schema and Examples").
 */
export const auth0: Product = {
  name: 'auth0',
  title: 'Auth0',
  list: null,
  marks: ['passwordHash', 'custom_password_hash', 'password_hash', 'user_id', 'identities'],
  translate(user) {
    const known = firstAddress(user.identifiers);
    const email = textOf(user.email) ?? known?.value;
    if (!email) return noAddress;
    const hash = hashOf(user);
    if (hash && typeof hash === 'object') return hash;
    return {
      fields: {
        external_id: idOf(user),
        email,
        hash,
        status: isTrue(user.blocked) ? 'disabled' : 'active',
        createdAt: timeOf(user.created_at),
      },
      isUnverified: !isTrue(user.email_verified ?? known?.verified),
    };
  },
};

function idOf(user: Fields): string | undefined {
  const id = textOf(user.alt_id) ?? textOf(objectOf(user._id)?.$oid);
  const given = textOf(user.user_id) ?? id;
  return given === undefined || given.includes('|') ? given : `auth0|${given}`;
}

function firstAddress(identifiers: unknown): { value: string | undefined; verified: unknown } | undefined {
  const address = Array.isArray(identifiers) ? identifiers.find((each) => objectOf(each)?.type === 'email') : undefined;
  return address && { value: textOf(address.value), verified: address.verified };
}

function hashOf(user: Fields): string | null | Translated {
  const custom = objectOf(user.custom_password_hash);
  if (!custom) return textOf(user.passwordHash) ?? textOf(user.password_hash) ?? null;
  const value = textOf(objectOf(custom.hash)?.value);
  // The others stand in parts of their own, not in one text.
  const isText = ['bcrypt', 'argon2', 'pbkdf2', 'ldap'].includes(String(custom.algorithm));
  if (isText && value) return value;
  return { refused: 'custom_password_hash is neither bcrypt, argon2, pbkdf2 nor ldap' };
}
