import { hash, randomBytes } from 'node:crypto';
import { fromBase64, isEqual } from './encodings.js';
import { always, beginsWith, type Family, refused } from './reading.js';

/** Name of the hash function and bytes of its digest, by the scheme. */
const schemes: Readonly<Record<string, readonly [string, number]>> = {
  '{SSHA}': ['sha1', 20],
  '{SSHA256}': ['sha256', 32],
  '{SSHA512}': ['sha512', 64],
};
/** Bytes of salt, which follow the digest. */
const salts = { least: 4, most: 64 } as const;

/** Salted SHA of LDAP servers: one round, over password and salt. */
export const sshaFamily: Family = {
  algorithms: ['ssha'],
  begins: /^\{SSHA/,
  read(text) {
    const [scheme = '', encoded = ''] = text.split(/(?<=\})/);
    const [algorithm, size] = schemes[scheme] ?? [];
    if (!algorithm || !size) return refused('LDAP scheme is none of {SSHA}, {SSHA256} and {SSHA512}');
    const bytes = fromBase64(encoded, { least: size + salts.least, most: size + salts.most }, 'full');
    if (!bytes || `${scheme}${encoded}` !== text) {
      return refused(`${scheme} is not a digest and ${salts.least} to ${salts.most} bytes of salt in base64`);
    }
    const [digest, salt] = [bytes.subarray(0, size), bytes.subarray(size)];
    return {
      kind: 'accepted',
      hash: text,
      form: { algorithm: 'ssha', rounds: 1 },
      readsWhole: always,
      opens: async (password) => {
        return isEqual(hash(algorithm, Buffer.concat([Buffer.from(password), salt]), 'buffer'), digest);
      },
    };
  },
  beginsInSql: (text) => beginsWith(text, '{SSHA'),
  namesInSql: (text) => [[`${text} ~ '^[{]SSHA(256|512)?[}][A-Za-z0-9+/]+=*$'`, `'ssha 1'`]],
  dummyOf: () => `{SSHA}${randomBytes(28).toString('base64')}`,
};
