/** Algorithm and parameters of a stored hash. */
export type HashKind = HashForm | { readonly algorithm: 'unknown' };

/** A form that this service can verify. */
export type HashForm =
  | {
      readonly algorithm: 'argon2id';
      readonly memoryKib: number;
      readonly timeCost: number;
      readonly parallelism: number;
    }
  | { readonly algorithm: 'bcrypt'; readonly cost: number };

/** The hash in canonical form, or a sentence that says what is wrong with it, without a part of the hash in it. */
export type HashVerdict =
  | { readonly kind: 'accepted'; readonly hash: string; readonly form: HashForm }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Bounds on the cost of one sign-in: whoever wrote the imported file chooses how much work a hash costs here. By
 * parameters and not by time, so that every machine decides alike.
 */
const usual = { memoryKib: 256 * 1024, memoryPasses: 512 * 1024, bcryptCost: 14 } as const;
/** The most that an operator may allow; hashes beyond that are never verified. */
const most = { memoryKib: 1024 * 1024, memoryPasses: 20 * 1024 * 1024, parallelism: 16, bcryptCost: 16 } as const;
/** The lengths in bytes are those of the PHC string format for Argon2. */
const salts = { least: 8, most: 48 } as const;
const digests = { least: 16, most: 64 } as const;

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 16 bytes of salt and 23 of digest: the unused bits of the digest's last character are always zero. */
const bcryptHash = /^(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;

/**
 * Checks a hash that another program made: argon2id as a PHC string, bcrypt as a modular crypt string.
 *
 * @param allowExpensive accepts forms that cost more than usual, too, up to what can be verified at all.
 */
export function parseImportedHash(text: string, { allowExpensive = false } = {}): HashVerdict {
  const verdict = parse(text);
  if (verdict.kind === 'refused') return verdict;
  const tooMuch = beyond(verdict.form, most);
  if (tooMuch) return refused(tooMuch);
  const expensive = beyond(verdict.form, usual);
  return expensive && !allowExpensive ? refused(`${expensive} (--allow-expensive takes it)`) : verdict;
}

/** The form of a stored hash; undefined for a hash that cannot be verified, so that no password matches it. */
export function formOf(hash: string | null | undefined): HashForm | undefined {
  const verdict = hash ? parse(hash) : undefined;
  return verdict?.kind === 'accepted' && !beyond(verdict.form, most) ? verdict.form : undefined;
}

/** Like `formOf`, for operators who look at an account. */
export function kindOfHash(hash: string | null | undefined): HashKind {
  return formOf(hash) ?? { algorithm: 'unknown' };
}

/** Whether a form costs more than one sign-in usually may. */
export function isExpensive(form: HashForm): boolean {
  return beyond(form, usual) !== undefined;
}

function parse(text: string): HashVerdict {
  if (text.startsWith('$argon2id$')) return parseArgon2id(text);
  if (/^\$2[aby]\$/.test(text)) return parseBcrypt(text);
  return refused('hash is neither argon2id ($argon2id$) nor bcrypt ($2a$, $2b$, $2y$)');
}

function beyond(
  form: HashForm,
  bound: { memoryKib: number; memoryPasses: number; bcryptCost: number },
): string | undefined {
  if (form.algorithm === 'bcrypt') {
    return form.cost > bound.bcryptCost ? `bcrypt cost is over ${bound.bcryptCost}` : undefined;
  }
  if (form.memoryKib > bound.memoryKib) return `argon2id memory is over ${bound.memoryKib} KiB`;
  return form.memoryKib * form.timeCost > bound.memoryPasses
    ? `argon2id memory times time cost is over ${bound.memoryPasses} KiB`
    : undefined;
}

function parseArgon2id(text: string): HashVerdict {
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
  if (p > most.parallelism) return refused(`argon2id parallelism is over ${most.parallelism}`);
  // RFC 9106, 3.1: with less, the algorithm has no blocks to work on.
  if (m < 8 * p) return refused('argon2id memory is under 8 KiB for each lane');
  if (!isBase64(salt, salts)) return refused(`argon2id salt is not ${salts.least} to ${salts.most} bytes of base64`);
  if (!isBase64(digest, digests)) {
    return refused(`argon2id digest is not ${digests.least} to ${digests.most} bytes of base64`);
  }
  const form = { algorithm: 'argon2id', memoryKib: m, timeCost: t, parallelism: p } as const;
  return { kind: 'accepted', form, hash: `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}$${digest}` };
}

function parseBcrypt(text: string): HashVerdict {
  const [, head, cost, lastOfSalt = '', digest] = bcryptHash.exec(text) ?? [];
  if (!head) return refused('bcrypt hash is not a cost, 22 characters of salt and 31 of digest');
  if (Number(cost) < 4 || Number(cost) > 31) return refused('bcrypt cost is not 4 to 31');
  // Some programs set the four unused bits of the salt; crypt_blowfish ignores them, bcrypt 6.0.0 never matches them.
  const kept = bcryptAlphabet.charAt(bcryptAlphabet.indexOf(lastOfSalt) & 0b110000);
  return { kind: 'accepted', form: { algorithm: 'bcrypt', cost: Number(cost) }, hash: `${head}${kept}${digest}` };
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
