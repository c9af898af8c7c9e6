/** What a stored hash tells of itself: all but the salt and the digest. */
export type HashKind =
  | {
      readonly algorithm: 'argon2id';
      readonly memoryKib: number;
      readonly timeCost: number;
      readonly parallelism: number;
    }
  | { readonly algorithm: 'bcrypt'; readonly cost: number }
  | { readonly algorithm: 'unknown' };

/** Kept as it is, or a sentence that says what is wrong with it and never repeats it. */
export type HashVerdict =
  | { readonly kind: 'accepted'; readonly hash: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Bounds of what one sign-in may cost: a hash is a program that its account's owner, or whoever wrote the file, has run
 * here. The lengths in bytes are those of the PHC string format for Argon2.
 */
const most = { memoryKib: 1024 * 1024, timeCost: 20, parallelism: 16, bcryptCost: 16 } as const;
const salts = { least: 8, most: 48 } as const;
const digests = { least: 16, most: 64 } as const;

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 16 bytes of salt and 23 of digest: the unused bits of the digest's last character are zero in every writing. */
const bcryptHash = /^(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;

/** Checks a hash that somebody else made: argon2id as a PHC string, bcrypt as a modular crypt string. */
export function readHash(text: string): HashVerdict {
  if (text.startsWith('$argon2id$')) return readArgon2id(text);
  if (/^\$2[aby]\$/.test(text)) return readBcrypt(text);
  return refused('hash is neither argon2id ($argon2id$) nor bcrypt ($2a$, $2b$, $2y$)');
}

/** For people who look at an account. */
export function kindOfHash(hash: string): HashKind {
  const [, memoryKib, timeCost, parallelism] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(hash) ?? [];
  if (memoryKib) {
    const numbers = { memoryKib: Number(memoryKib), timeCost: Number(timeCost), parallelism: Number(parallelism) };
    return { algorithm: 'argon2id', ...numbers };
  }
  const cost = bcryptHash.exec(hash)?.[2];
  return cost ? { algorithm: 'bcrypt', cost: Number(cost) } : { algorithm: 'unknown' };
}

function readArgon2id(text: string): HashVerdict {
  const [, , version, parameters = '', salt = '', digest = '', ...more] = text.split('$');
  if (version !== 'v=19') return refused('argon2id hash is not of version 19');
  if (more.length > 0) return refused('argon2id hash has too many parts');
  const values = new Map<string, number>();
  for (const each of parameters.split(',')) {
    const [, name, value] = /^([mtp])=([1-9]\d{0,9})$/.exec(each) ?? [];
    if (!name || values.has(name)) return refused('argon2id parameters are not m, t and p, each once');
    values.set(name, Number(value));
  }
  const { m, t, p } = Object.fromEntries(values);
  if (!m || !t || !p) return refused('argon2id parameters are not m, t and p, each once');
  if (m > most.memoryKib) return refused(`argon2id memory is over ${most.memoryKib} KiB`);
  if (t > most.timeCost) return refused(`argon2id time cost is over ${most.timeCost}`);
  if (p > most.parallelism) return refused(`argon2id parallelism is over ${most.parallelism}`);
  // RFC 9106, 3.1: with less, the algorithm has no blocks to work on.
  if (m < 8 * p) return refused('argon2id memory is under 8 KiB for each lane');
  if (!isBase64(salt, salts)) return refused(`argon2id salt is not ${salts.least} to ${salts.most} bytes of base64`);
  if (!isBase64(digest, digests)) {
    return refused(`argon2id digest is not ${digests.least} to ${digests.most} bytes of base64`);
  }
  return { kind: 'accepted', hash: `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}$${digest}` };
}

function readBcrypt(text: string): HashVerdict {
  const [, head, cost, lastOfSalt = '', digest] = bcryptHash.exec(text) ?? [];
  if (!head) return refused('bcrypt hash is not a cost, 22 characters of salt and 31 of digest');
  if (Number(cost) < 4 || Number(cost) > most.bcryptCost) {
    return refused(`bcrypt cost is not 4 to ${most.bcryptCost}`);
  }
  // Salts made by hand carry four bits more than there are; crypt_blowfish drops them, bcryptjs would never match.
  const kept = bcryptAlphabet.charAt(bcryptAlphabet.indexOf(lastOfSalt) & 0b110000);
  return { kind: 'accepted', hash: `${head}${kept}${digest}` };
}

/** RFC 4648, section 4, without padding and with unused bits zero. */
function isBase64(text: string, bytes: { least: number; most: number }): boolean {
  const decoded = Buffer.from(text, 'base64');
  const isCanonical = decoded.toString('base64').replace(/=+$/, '') === text;
  return isCanonical && decoded.length >= bytes.least && decoded.length <= bytes.most;
}

function refused(reason: string): HashVerdict {
  return { kind: 'refused', reason };
}
