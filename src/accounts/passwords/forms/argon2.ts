import argon2 from 'argon2';
import { most } from './bounds.js';
import { fromBase64, randomBase64 } from './encodings.js';
import { always, beginsWith, type Family, type HashVerdict, part, refused } from './reading.js';

/** The lengths in bytes are those of the PHC string format for Argon2. */
const salts = { least: 8, most: 48 } as const;
const digests = { least: 16, most: 64 } as const;

/** PHC strings of version 19, also with Django's `argon2` before them. */
export const argon2Family: Family = {
  algorithms: ['argon2id', 'argon2i', 'argon2d'],
  begins: /^(?:argon2)?\$argon2/,
  read(text) {
    const [, phc = '', algorithm] = /^(?:argon2)?(\$(argon2(?:id|i|d))\$.*)$/.exec(text) ?? [];
    if (algorithm !== 'argon2id' && algorithm !== 'argon2i' && algorithm !== 'argon2d') {
      return refused('argon2 hash is none of argon2id, argon2i and argon2d');
    }
    return readArgon2(phc, algorithm);
  },
  beginsInSql: (hash) => beginsWith(hash, '$argon2', 'argon2$argon2'),
  namesInSql(hash) {
    const algorithm = part(hash, '$', 2);
    const { are, inOrder } = parametersInSql(hash, 3);
    return [[`${algorithm} in ('argon2id', 'argon2i', 'argon2d') and ${are}`, `${algorithm} || ' ' || ${inOrder}`]];
  },
  dummyOf: (algorithm, parameters) => `$${algorithm}$v=19$${parameters}$${randomBase64(16)}$${randomBase64(32)}`,
};

const parametersOn = '^[$]v=19[$][mtp]=[0-9]+,[mtp]=[0-9]+,[mtp]=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+$';

/**
 * SQL: whether parameters of version 19, a salt and a digest follow there, and the parameters in the reference order,
 * whatever their own is.
 *
 * @param at the part of the version.
 */
export function parametersInSql(hash: string, at: number): { are: string; inOrder: string } {
  const parameters = part(hash, '$', at + 1);
  const value = (name: string) => `substring(${parameters}, '(?:^|,)${name}=([0-9]+)')`;
  const ordered = `'m=' || ${value('m')} || ',t=' || ${value('t')} || ',p=' || ${value('p')}`;
  return {
    are: `${part(hash, '$', at)} = 'v=19' and substr(${hash}, strpos(${hash}, '$v=19$')) ~ '${parametersOn}'`,
    inOrder: `case when ${parameters} like 'm=%,t=%,p=%' then ${parameters} else ${ordered} end`,
  };
}

/** @param phc begins with the algorithm between dollars. */
export function readArgon2(phc: string, algorithm: 'argon2id' | 'argon2i' | 'argon2d'): HashVerdict {
  const [, , version, parameters = '', salt = '', digest = '', ...more] = phc.split('$');
  if (version !== 'v=19') return refused(`${algorithm} hash is not of version 19`);
  if (more.length > 0) return refused(`${algorithm} hash has too many parts`);
  const values = new Map<string, number>();
  for (const each of parameters.split(',')) {
    const [, name, value] = /^([mtp])=([1-9]\d{0,9})$/.exec(each) ?? [];
    if (!name || values.has(name)) return refused(`${algorithm} parameters are not m, t and p, each once`);
    values.set(name, Number(value));
  }
  const { m, t, p } = Object.fromEntries(values);
  if (!m || !t || !p) return refused(`${algorithm} parameters are not m, t and p, each once`);
  if (p > most.parallelism) return refused(`${algorithm} parallelism is over ${most.parallelism}`);
  // RFC 9106, 3.1: with less, the algorithm has no blocks to work on.
  if (m < 8 * p) return refused(`${algorithm} memory is under 8 KiB for each lane`);
  if (!fromBase64(salt, salts, 'none')) {
    return refused(`${algorithm} salt is not ${salts.least} to ${salts.most} bytes of base64`);
  }
  if (!fromBase64(digest, digests, 'none')) {
    return refused(`${algorithm} digest is not ${digests.least} to ${digests.most} bytes of base64`);
  }
  const hash = `$${algorithm}$v=19$m=${m},t=${t},p=${p}$${salt}$${digest}`;
  return {
    kind: 'accepted',
    hash,
    form: { algorithm, memoryKib: m, timeCost: t, parallelism: p },
    readsWhole: always,
    opens: (password) => argon2.verify(hash, password),
  };
}
