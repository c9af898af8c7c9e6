import { pbkdf2, randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { fromBase64, fromHex, isEqual, randomBase64 } from './encodings.js';
import { always, beginsWith, type Family, type HashVerdict, part, refused } from './reading.js';

type Hash = 'sha1' | 'sha256' | 'sha512';

const derive = promisify(pbkdf2);
/** Bytes of a digest of the hash function. */
const sizes: Readonly<Record<Hash, number>> = { sha1: 20, sha256: 32, sha512: 64 };
const salts = { least: 4, most: 128 } as const;
const lettersOfDjango = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const django = /^pbkdf2_(sha1|sha256)\$([1-9]\d{0,8})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]+=*)$/;
const werkzeug = /^pbkdf2:(sha1|sha256|sha512):([1-9]\d{0,8})\$([!-#%-~]{1,128})\$([0-9a-f]+)$/;
/** passlib writes `.` for `+`, and no name for SHA-1. Its digests are as long as those of the hash function. */
const passlib = /^\$pbkdf2(?:-(sha256|sha512))?\$([1-9]\d{0,8})\$([./A-Za-z0-9]+)\$([./A-Za-z0-9]+)$/;
/** Also the form in which an import stores what Keycloak exports: there a digest may be longer. */
const phc = /^\$pbkdf2-(sha1|sha256|sha512)\$i=([1-9]\d{0,8}),l=([1-9]\d{0,2})\$([^$]*)\$([^$]*)$/;

/** Strings of Django, Werkzeug, passlib and PHC, and the base64 of ASP.NET Identity's bytes, versions 2 and 3. */
export const pbkdf2Family: Family = {
  algorithms: ['pbkdf2-sha1', 'pbkdf2-sha256', 'pbkdf2-sha512'],
  begins: /^(?:pbkdf2[_:]|\$pbkdf2[-$]|AQAAAA[A-Za-z0-9+/]{76}==$|A[A-P][A-Za-z0-9+/]{64}==$)/,
  read(text) {
    if (text.startsWith('pbkdf2_')) return readDjango(text);
    if (text.startsWith('pbkdf2:')) return readWerkzeug(text);
    if (!text.startsWith('$')) return readIdentity(text);
    return /^\$pbkdf2-[a-z0-9]+\$i=/.test(text) ? readPhc(text) : readPasslib(text);
  },
  beginsInSql: (hash) => beginsWith(hash, 'pbkdf2', '$pbkdf2', 'A'),
  namesInSql: (hash) => {
    const [dollar, colon] = [(at: number) => part(hash, '$', at), (at: number) => part(hash, ':', at)];
    const byte = (at: number) => `get_byte(decode(${hash}, 'base64'), ${at})`;
    return [
      [
        `${hash} ~ '^pbkdf2_sha(1|256)[$][0-9]+[$][^$]+[$][A-Za-z0-9+/]+=$'
           and length(${dollar(4)}) = case when ${hash} like '%a1$%' then 28 else 44 end`,
        `'pbkdf2-' || substr(${dollar(1)}, 8) || ' ' || ${dollar(2)}`,
      ],
      [
        `${hash} ~ '^[$]pbkdf2(-sha256|-sha512)?[$][0-9]+[$][./A-Za-z0-9]+[$][./A-Za-z0-9]+$'`,
        `'pbkdf2-' || case when ${dollar(2)} = 'pbkdf2' then 'sha1' else substr(${dollar(2)}, 8) end || ' ' || ${dollar(3)}`,
      ],
      [
        `${dollar(2)} in ('pbkdf2-sha1', 'pbkdf2-sha256', 'pbkdf2-sha512')
           and ${dollar(3)} ~ '^i=[1-9][0-9]{0,8},l=[1-9][0-9]{0,2}$'
           and ${hash} ~ '^[$]pbkdf2-sha[0-9]+[$][il0-9=,]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+$'`,
        `${dollar(2)} || ' ' || substr(${part(dollar(3), ',', 1)}, 3)::bigint * ceil(
           substr(${part(dollar(3), ',', 2)}, 3)::numeric / ${sizeInSql(`substr(${dollar(2)}, 8)`)})::bigint`,
      ],
      [
        `${hash} ~ '^pbkdf2:sha(1|256|512):[0-9]+[$][^$]+[$][0-9a-f]+$'`,
        `'pbkdf2-' || ${colon(2)} || ' ' || substring(${colon(3)} from '^[0-9]+')`,
      ],
      [
        `length(${hash}) = 84 and ${hash} ~ '^AQAAAA[A-Za-z0-9+/]+[AQgw]==$'`,
        // Two blocks of SHA-1 make its 32 bytes.
        `case ${byte(4)} when 0 then 'pbkdf2-sha1 ' when 1 then 'pbkdf2-sha256 ' else 'pbkdf2-sha512 ' end
           || ((${byte(5)}::bigint << 24) + (${byte(6)} << 16) + (${byte(7)} << 8) + ${byte(8)})
              * case ${byte(4)} when 0 then 2 else 1 end`,
      ],
      [`length(${hash}) = 68 and ${hash} ~ '^A[A-P][A-Za-z0-9+/]+[AQgw]==$'`, `'pbkdf2-sha1 2000'`],
    ];
  },
  dummyOf(algorithm, rounds) {
    if (algorithm === 'pbkdf2-sha256') return `pbkdf2_sha256$${rounds}$${saltOfDjango()}$${randomBase64(32)}=`;
    const hash = algorithm === 'pbkdf2-sha1' ? 'sha1' : 'sha512';
    return `$${algorithm}$i=${rounds},l=${sizes[hash]}$${randomBase64(16)}$${randomBase64(sizes[hash])}`;
  },
};

/** A hash as Django's `PBKDF2PasswordHasher` makes it. */
export async function makeDjango(password: string, iterations: number): Promise<string> {
  const salt = saltOfDjango();
  const digest = await derive(password, salt, iterations, sizes.sha256, 'sha256');
  return `pbkdf2_sha256$${iterations}$${salt}$${digest.toString('base64')}`;
}

/** 22 letters and digits: 128 bits, as Django has it since 3.2. */
function saltOfDjango(): string {
  return Array.from({ length: 22 }, () => lettersOfDjango.charAt(randomInt(lettersOfDjango.length))).join('');
}

function readDjango(text: string): HashVerdict {
  const [, hash, rounds, salt = '', digestText = ''] = django.exec(text) ?? [];
  if (!isHash(hash)) return refused('pbkdf2 hash is not one of Django: rounds, a salt and a digest');
  const digest = fromBase64(digestText, whole(hash), 'full');
  return reading(text, { hash, rounds: Number(rounds), salt: Buffer.from(salt), digest });
}

function readWerkzeug(text: string): HashVerdict {
  const [, hash, rounds, salt = '', digestText = ''] = werkzeug.exec(text) ?? [];
  if (!isHash(hash)) return refused('pbkdf2 hash is not one of Werkzeug: a hash function, rounds, a salt and a digest');
  const digest = fromHex(digestText, whole(hash));
  return reading(text, { hash, rounds: Number(rounds), salt: Buffer.from(salt), digest });
}

function readPasslib(text: string): HashVerdict {
  const [, name = 'sha1', rounds, saltText = '', digestText = ''] = passlib.exec(text) ?? [];
  if (!rounds || !isHash(name)) return refused('pbkdf2 hash is not one of passlib: rounds, a salt and a digest');
  const bytes = (encoded: string, lengths: typeof salts | ReturnType<typeof whole>) =>
    fromBase64(encoded.replaceAll('.', '+'), lengths, 'none');
  const digest = bytes(digestText, whole(name));
  return reading(text, { hash: name, rounds: Number(rounds), salt: bytes(saltText, salts), digest });
}

function readPhc(text: string): HashVerdict {
  const [, hash, rounds, length, saltText = '', digestText = ''] = phc.exec(text) ?? [];
  if (!isHash(hash)) return refused('pbkdf2 hash is not i and l, a salt and a digest');
  const bytes = Number(length);
  if (bytes < 16 || bytes > 512) return refused('pbkdf2 digest is not 16 to 512 bytes of base64');
  const digest = fromBase64(digestText, { least: bytes, most: bytes }, 'none');
  return reading(text, { hash, rounds: Number(rounds), salt: fromBase64(saltText, salts, 'none'), digest });
}

/**
 * `PasswordHasher` of ASP.NET Core Identity writes a byte for the version, then: 0 and 16 bytes of salt and 32 of
 * digest (SHA-1, 1,000 iterations); or 1, and as 32-bit numbers the hash function, the iterations and the salt's
 * length, then the same.
 */
function readIdentity(text: string): HashVerdict {
  const bytes = fromBase64(text, { least: 49, most: 61 }, 'full');
  if (bytes?.length === 49) {
    const [salt, digest] = [bytes.subarray(1, 17), bytes.subarray(17)];
    return reading(text, { hash: 'sha1', rounds: 1_000, salt, digest });
  }
  const hash = (['sha1', 'sha256', 'sha512'] as const)[bytes?.readUInt32BE(1) ?? 3];
  if (bytes?.length !== 61 || !hash || bytes.readUInt32BE(9) !== 16) {
    return refused('pbkdf2 hash is not one of ASP.NET Identity, with 16 bytes of salt and 32 of digest');
  }
  const [rounds, salt, digest] = [bytes.readUInt32BE(5), bytes.subarray(13, 29), bytes.subarray(29)];
  return reading(text, { hash, rounds, salt, digest });
}

function reading(
  text: string,
  { hash, rounds, salt, digest }: { hash: Hash; rounds: number; salt: Buffer | undefined; digest: Buffer | undefined },
): HashVerdict {
  if (!salt) return refused(`pbkdf2 salt is not ${salts.least} to ${salts.most} bytes of base64`);
  if (!digest) return refused(`pbkdf2 digest is not the ${sizes[hash]} bytes of ${hash}, or what its length says`);
  if (rounds === 0) return refused('pbkdf2 rounds are none');
  const blocks = Math.ceil(digest.length / sizes[hash]);
  return {
    kind: 'accepted',
    hash: text,
    form: { algorithm: `pbkdf2-${hash}`, rounds: rounds * blocks },
    readsWhole: always,
    opens: async (password) => isEqual(await derive(password, salt, rounds, digest.length, hash), digest),
  };
}

function isHash(name: string | undefined): name is Hash {
  return name !== undefined && Object.hasOwn(sizes, name);
}

function whole(hash: Hash): { least: number; most: number } {
  return { least: sizes[hash], most: sizes[hash] };
}

function sizeInSql(name: string): string {
  const cases = Object.entries(sizes).map(([hash, size]) => `when '${hash}' then ${size}`);
  return `case ${name} ${cases.join(' ')} end`;
}
