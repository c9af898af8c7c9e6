import { hash } from 'node:crypto';
import argon2 from 'argon2';
import { parametersInSql, readArgon2 } from './argon2.js';
import { fromBase64, randomBase64, toBase64 } from './encodings.js';
import { always, beginsWith, type Family, type HashVerdict, part, type Refusal, refused } from './reading.js';

/** Hexadecimal digits of each digest. */
const lengths = { md5: 32, sha1: 40, sha256: 64 } as const;
type Algorithm = keyof typeof lengths;

/** A digest of one round that an old system stored for a password. */
export interface WeakDigest {
  readonly digest: Algorithm;
  /** In lower case. */
  readonly hex: string;
  /** In UTF-8, beside the password; empty for none. */
  readonly salt: string;
  readonly order: 'salt-first' | 'salt-last';
}

/** Bytes. */
const longestSalt = 128;
const pattern = /^\$wrapped\$d=(md5|sha1|sha256)(?:,o=(salt-first|salt-last),s=([A-Za-z0-9+/]+))?(\$argon2id\$.*)$/s;

/**
 * argon2id over the hexadecimal digits of a weak digest, so that a digest that a machine guesses billions of times a
 * second never lies bare:
 *
 *     $wrapped$d=md5,o=salt-first,s=<base64>$argon2id$v=19$m=19456,t=2,p=1$<salt>$<digest>
 */
export const wrappedFamily: Family = {
  algorithms: ['wrapped'],
  begins: /^\$wrapped\$/,
  read(text) {
    const [, digest, order, saltText, phc = ''] = pattern.exec(text) ?? [];
    if (!isAlgorithm(digest)) return refused('wrapped digest is none of md5, sha1 and sha256, with its salt if any');
    const salt =
      saltText === undefined ? Buffer.alloc(0) : fromBase64(saltText, { least: 1, most: longestSalt }, 'none');
    if (!salt) return refused(`salt of the wrapped digest is not 1 to ${longestSalt} bytes of base64`);
    const verdict = readArgon2(phc, 'argon2id');
    if (verdict.kind === 'refused') return verdict;
    const head = text.slice(0, text.length - phc.length);
    return {
      ...verdict,
      hash: `${head}${verdict.hash}`,
      form: { ...verdict.form, algorithm: 'wrapped' } as typeof verdict.form,
      readsWhole: always,
      opens: (password, tools) => {
        const text = Buffer.from(password);
        const salted = order === 'salt-last' ? [text, salt] : [salt, text];
        return verdict.opens(hash(digest, Buffer.concat(salted), 'hex'), tools);
      },
    };
  },
  beginsInSql: (text) => beginsWith(text, '$wrapped$'),
  namesInSql(text) {
    const { are, inOrder } = parametersInSql(text, 5);
    return [[`${part(text, '$', 4)} = 'argon2id' and ${are}`, `'wrapped ' || ${inOrder}`]];
  },
  dummyOf: (_algorithm, parameters) =>
    `$wrapped$d=sha256,o=salt-first,s=${randomBase64(8)}$argon2id$v=19$${parameters}$${randomBase64(16)}$${randomBase64(32)}`,
};

/**
 * Reads a weak digest as an import has it: `{ "digest": "md5", "hex": "…", "salt": "…", "order": "salt-first" }`.
 * Without a salt there is no order.
 *
 * @returns the digest, or a sentence that says what is wrong, without a part of it.
 */
export function parseWeakDigest(value: unknown): { kind: 'accepted'; digest: WeakDigest } | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('digest is not an object');
  const { digest, hex, salt = '', order, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0) return refused('digest has a key other than digest, hex, salt and order');
  if (!isAlgorithm(digest)) return refused('digest is none of "md5", "sha1" and "sha256"');
  const isHex = typeof hex === 'string' && hex.length === lengths[digest] && /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(hex);
  if (!isHex) return refused(`hex is not ${lengths[digest]} hexadecimal digits, as ${digest} has them`);
  if (typeof salt !== 'string' || !salt.isWellFormed() || Buffer.byteLength(salt) > longestSalt) {
    return refused(`salt is not text of up to ${longestSalt} bytes`);
  }
  if (salt === '' ? order !== undefined : order !== 'salt-first' && order !== 'salt-last') {
    return refused(salt === '' ? 'order needs a salt' : 'order is none of "salt-first" and "salt-last"');
  }
  const where = order === 'salt-last' ? 'salt-last' : 'salt-first';
  return { kind: 'accepted', digest: { digest, hex: hex.toLowerCase(), salt, order: where } };
}

/**
 * The hash that is stored for a weak digest. Costs as much as a sign-in: a core wraps about 30 a second. Of one digest of
 * one account it is always the same, so that a second import knows what the first brought. So argon2id's salt is made
 * of what stands beside the digest, and not of the digest: that would be a quick way to try passwords.
 *
 * @param account what no other account has.
 * @param cost of argon2id, memory in KiB.
 */
export async function wrap(
  weak: WeakDigest,
  account: string,
  cost: { memoryKib: number; timeCost: number },
): Promise<string> {
  const beside = JSON.stringify(['latchkey wrapped digest', account, weak.digest, weak.order, weak.salt]);
  const options = {
    ...{ memoryCost: cost.memoryKib, timeCost: cost.timeCost, parallelism: 1, hashLength: 32 },
    salt: hash('sha256', beside, 'buffer').subarray(0, 16),
  };
  const phc = await argon2.hash(weak.hex, options);
  const salt = weak.salt === '' ? '' : `,o=${weak.order},s=${toBase64(Buffer.from(weak.salt))}`;
  const verdict: HashVerdict = wrappedFamily.read(`$wrapped$d=${weak.digest}${salt}${phc}`);
  if (verdict.kind === 'refused') throw new Error(verdict.reason);
  return verdict.hash;
}

function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(lengths, name);
}
