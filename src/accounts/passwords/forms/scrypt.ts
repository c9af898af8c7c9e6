import { createCipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { fromBase64, fromHex, isEqual, randomBase64 } from './encodings.js';
import { always, beginsWith, type Family, type HashVerdict, part, refused } from './reading.js';

interface Parameters {
  readonly logCost: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

const derive = promisify<string, Buffer | string, number, ScryptOptions, Buffer>(scrypt);
const digests = { least: 16, most: 64 } as const;
const salts = { least: 8, most: 64 } as const;
/** Larger blocks would need memory that no bound here counts; nobody writes more than 16. */
const mostBlocks = 64;

/** `@better-auth/utils`: N 16384, r 16, p 1, a key of 64 bytes; the salt is the text of 32 hexadecimal digits. */
export const betterAuth = { logCost: 14, blockSize: 16, parallelism: 1 } as const;
/** Django's has the salt between N and r. */
const django = /^scrypt\$(\d{1,8})\$([!-#%-~]{1,64})\$([1-9]\d?)\$([1-9]\d?)\$([A-Za-z0-9+/]{86}==)$/;
const werkzeug = /^scrypt:(\d{1,8}):([1-9]\d?):([1-9]\d?)\$([!-#%-~]{1,64})\$([0-9a-f]{128})$/;
const phc = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([^$]*)\$([^$]*)$/;
/** As Supabase's auth service writes what Firebase exports: `ss` is the salt separator, `sk` the signer key. */
const firebase =
  /^\$fbscrypt\$v=1,n=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?),ss=([A-Za-z0-9+/=]{0,64}),sk=([A-Za-z0-9+/=]{1,128})\$([^$]*)\$([^$]*)$/;

/** PHC strings (also of passlib), and those of Better Auth, Django, Werkzeug, and Firebase with its project's keys. */
export const scryptFamily: Family = {
  algorithms: ['scrypt'],
  begins: /^(?:\$scrypt\$|\$fbscrypt\$|scrypt[:$]|[0-9a-f]{32}:[0-9a-f]{128}$)/,
  read(text) {
    if (text.startsWith('$scrypt$')) return readPhc(text);
    if (text.startsWith('$fbscrypt$')) return readFirebase(text);
    if (text.startsWith('scrypt:')) return readWerkzeug(text);
    return text.startsWith('scrypt$') ? readDjango(text) : readBetterAuth(text);
  },
  beginsInSql: (hash) =>
    `(length(${hash}) = 161 or ${beginsWith(hash, '$scrypt$', '$fbscrypt$', 'scrypt:', 'scrypt$')})`,
  namesInSql: (hash) => {
    const base2 = (part: string) => `round(log(2.0, ${part}::numeric))`;
    const [word, dollar] = [(at: number) => part(hash, ':', at), (at: number) => part(hash, '$', at)];
    return [
      [
        `${hash} ~ '^[$]scrypt[$]ln=[0-9]+,r=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+$'`,
        `'scrypt ' || ${dollar(3)}`,
      ],
      [
        `length(${hash}) = 161 and ${hash} ~ '^[0-9a-f]+:[0-9a-f]+$' and strpos(${hash}, ':') = 33`,
        `'${nameOf(betterAuth)}'`,
      ],
      [
        `${hash} ~ '^scrypt:[1-9][0-9]{0,7}:[0-9]+:[0-9]+[$][^$]+[$][0-9a-f]+$'`,
        `'scrypt ln=' || ${base2(word(2))} || ',r=' || ${word(3)} || ',p=' || substring(${word(4)} from '^[0-9]+')`,
      ],
      [
        `${hash} ~ '^scrypt[$][1-9][0-9]{0,7}[$][^$]+[$][0-9]+[$][0-9]+[$][A-Za-z0-9+/]+==$'`,
        `'scrypt ln=' || ${base2(dollar(2))} || ',r=' || ${dollar(4)} || ',p=' || ${dollar(5)}`,
      ],
      [
        `${hash} ~ '^[$]fbscrypt[$]v=1,n=[0-9]+,r=[0-9]+,p=[0-9]+,ss=[A-Za-z0-9+/=]*,sk=[A-Za-z0-9+/=]+[$][^$]+[$][^$]+$'`,
        `'scrypt ln=' || substring(${dollar(3)} from ',n=([0-9]+)') || substring(${dollar(3)} from ',r=[0-9]+,p=[0-9]+')`,
      ],
    ];
  },
  dummyOf(_algorithm, parameters) {
    if (`scrypt ${parameters}` === nameOf(betterAuth)) {
      return `${randomBytes(16).toString('hex')}:${randomBytes(64).toString('hex')}`;
    }
    return `$scrypt$${parameters}$${randomBase64(16)}$${randomBase64(32)}`;
  },
};

/** A hash as Better Auth makes it. */
export async function makeBetterAuth(password: string): Promise<string> {
  const salt = randomBytes(16).toString('hex');
  return `${salt}:${(await keyOf(password.normalize('NFKC'), salt, betterAuth, 64)).toString('hex')}`;
}

export function nameOf({ logCost, blockSize, parallelism }: Parameters): string {
  return `scrypt ln=${logCost},r=${blockSize},p=${parallelism}`;
}

function readPhc(text: string): HashVerdict {
  const [, ln, r, p, saltText = '', digestText = ''] = phc.exec(text) ?? [];
  if (!ln) return refused('scrypt hash is not ln, r and p, a salt and a digest');
  const salt = fromBase64(saltText, salts, 'none');
  if (!salt) return refused(`scrypt salt is not ${salts.least} to ${salts.most} bytes of base64`);
  const digest = fromBase64(digestText, digests, 'none');
  if (!digest) return refused(`scrypt digest is not ${digests.least} to ${digests.most} bytes of base64`);
  return reading(text, [Number(ln), r, p], (password, parameters) =>
    matches(keyOf(password, salt, parameters, digest.length), digest),
  );
}

function readBetterAuth(text: string): HashVerdict {
  const [salt = '', digest = ''] = text.split(':');
  const { logCost, blockSize, parallelism } = betterAuth;
  return reading(text, [logCost, blockSize, parallelism], (password, parameters) =>
    matches(keyOf(password.normalize('NFKC'), salt, parameters, 64), Buffer.from(digest, 'hex')),
  );
}

function readWerkzeug(text: string): HashVerdict {
  const [, cost, r, p, salt = '', digest = ''] = werkzeug.exec(text) ?? [];
  const bytes = fromHex(digest, { least: 64, most: 64 });
  if (!bytes) return refused('scrypt hash is not one of Werkzeug: a cost, r, p, a salt and 128 hexadecimal digits');
  return reading(text, [logOf(cost), r, p], (password, parameters) =>
    matches(keyOf(password, salt, parameters, bytes.length), bytes),
  );
}

function readDjango(text: string): HashVerdict {
  const [, cost, salt = '', r, p, digest = ''] = django.exec(text) ?? [];
  const bytes = fromBase64(digest, { least: 64, most: 64 }, 'full');
  if (!bytes) return refused('scrypt hash is not one of Django: a cost, a salt, r, p and 64 bytes of base64');
  return reading(text, [logOf(cost), r, p], (password, parameters) =>
    matches(keyOf(password, salt, parameters, bytes.length), bytes),
  );
}

/** Firebase encrypts the key of its project under that of the password; the ciphertext is the hash. */
function readFirebase(text: string): HashVerdict {
  const [, ln, r, p, separatorText = '', signerText = '', saltText = '', digestText = ''] = firebase.exec(text) ?? [];
  const separator = fromBase64(separatorText, { least: 0, most: 48 }, 'full');
  const signer = fromBase64(signerText, { least: 16, most: 96 }, 'full');
  if (!ln || !separator || !signer) {
    return refused("scrypt hash is not one of Firebase with its project's parameters: v, n, r, p, ss and sk");
  }
  const salt = fromBase64(saltText, { least: 4, most: 64 }, 'full');
  if (!salt) return refused('scrypt salt is not 4 to 64 bytes of base64');
  const digest = fromBase64(digestText, { least: signer.length, most: signer.length }, 'full');
  if (!digest) return refused('scrypt digest is not as long as the signer key');
  return reading(text, [Number(ln), r, p], async (password, parameters) => {
    const key = await keyOf(password, Buffer.concat([salt, separator]), parameters, 32);
    const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    return isEqual(Buffer.concat([cipher.update(signer), cipher.final()]), digest);
  });
}

function reading(
  hash: string,
  [logCost, r, p]: readonly [number | undefined, string | number | undefined, string | number | undefined],
  opens: (password: string, parameters: Parameters) => Promise<boolean>,
): HashVerdict {
  if (logCost === undefined) return refused('scrypt cost is no power of two');
  const parameters = { logCost, blockSize: Number(r), parallelism: Number(p) };
  if (parameters.blockSize > mostBlocks) return refused(`scrypt block size is over ${mostBlocks}`);
  // RFC 7914, section 2: N must be less than 2 to the power of 128 × r / 8.
  if (logCost >= 16 * parameters.blockSize) return refused('scrypt cost is too high for its block size');
  return {
    kind: 'accepted',
    hash,
    form: { algorithm: 'scrypt', ...parameters },
    readsWhole: always,
    opens: (password) => opens(password, parameters),
  };
}

/** In libuv's pool. */
function keyOf(password: string, salt: Buffer | string, parameters: Parameters, length: number): Promise<Buffer> {
  const { logCost, blockSize: r, parallelism: p } = parameters;
  const N = 2 ** logCost;
  // What OpenSSL counts: p blocks, N blocks and two to work with.
  return derive(password, salt, length, { N, r, p, maxmem: 128 * r * (N + p + 2) });
}

async function matches(made: Promise<Buffer>, digest: Buffer): Promise<boolean> {
  return isEqual(await made, digest);
}

function logOf(cost: string | undefined): number | undefined {
  const log = Math.log2(Number(cost));
  return Number.isInteger(log) && log >= 1 && String(2 ** log) === cost ? log : undefined;
}
