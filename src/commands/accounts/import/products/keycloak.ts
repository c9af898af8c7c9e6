import { type Fields, parseObject } from '../records/record.js';
import { isTrue, noAddress, objectOf, type Product, type Translated, textOf, timeOfMillis } from './product.js';

const digests: Readonly<Record<string, string>> = {
  pbkdf2: 'sha1',
  'pbkdf2-sha256': 'sha256',
  'pbkdf2-sha512': 'sha512',
};
const versions: Readonly<Record<string, number>> = { '1.0': 16, '1.3': 19 };

/**
 * A realm's export with its users in the file (`kc.sh export --users realm_file`, or a file of `different_files`:
 * keycloak.org/server/importExport).
 */
export const keycloak: Product = {
  name: 'keycloak',
  title: 'Keycloak',
  list: 'users',
  marks: ['createdTimestamp', 'credentials', 'requiredActions', 'realmRoles'],
  translate(user) {
    const email = textOf(user.email);
    if (!email) return textOf(user.serviceAccountClientId) ? { skipped: 'is a service account' } : noAddress;
    const hash = hashOf(user.credentials);
    if (hash && typeof hash === 'object') return hash;
    return {
      fields: {
        external_id: textOf(user.id) ?? textOf(user.username),
        email,
        hash,
        locale: localeOf(objectOf(user.attributes)?.locale),
        status: isTrue(user.enabled) ? 'active' : 'disabled',
        createdAt: timeOfMillis(user.createdTimestamp),
      },
      isUnverified: !isTrue(user.emailVerified),
    };
  },
};

function localeOf(locale: unknown): string | null {
  return textOf(Array.isArray(locale) ? locale[0] : locale) ?? null;
}

function hashOf(credentials: unknown): string | null | Translated {
  const password = Array.isArray(credentials)
    ? credentials.map(objectOf).find((each) => each?.type === 'password')
    : undefined;
  if (!password) return null;
  const secret = parseObject(textOf(password.secretData) ?? '');
  const data = parseObject(textOf(password.credentialData) ?? '');
  const [value, salt] = [textOf(secret?.value), textOf(secret?.salt)];
  if (!data || !value || !salt) return { refused: 'its password has no secretData and credentialData' };
  const algorithm = String(data.algorithm);
  const digest = Object.hasOwn(digests, algorithm) ? digests[algorithm] : undefined;
  const tail = `$${unpadded(salt)}$${unpadded(value)}`;
  if (digest) {
    const length = Buffer.from(value, 'base64').length;
    return `$pbkdf2-${digest}$i=${data.hashIterations},l=${length}${tail}`;
  }
  if (algorithm === 'argon2') return argon2(data, tail);
  return { refused: 'its password is neither pbkdf2, pbkdf2-sha256, pbkdf2-sha512 nor argon2' };
}

function argon2(data: Fields, tail: string): string {
  const more = objectOf(data.additionalParameters) ?? {};
  const first = (name: string) => {
    const value = more[name];
    return String(Array.isArray(value) ? value[0] : value);
  };
  const cost = `m=${first('memory')},t=${data.hashIterations},p=${first('parallelism')}`;
  return `$argon2${first('type')}$v=${versions[first('version')] ?? 'unknown'}$${cost}${tail}`;
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, '');
}
