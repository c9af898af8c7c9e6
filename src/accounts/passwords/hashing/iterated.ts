import { hash } from 'node:crypto';

/** A hash of many rounds for which there is no call in libuv's pool. */
export interface IteratedWork {
  readonly algorithm: 'sha256-crypt' | 'sha512-crypt' | 'phpass';
  readonly password: string;
  readonly salt: string;
  readonly rounds: number;
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The digest in the alphabet of crypt(3), as the end of a stored hash has it. Takes its time: not on the event loop. */
export function iterate({ algorithm, password, salt, rounds }: IteratedWork): string {
  const [text, beside] = [Buffer.from(password), Buffer.from(salt)];
  if (algorithm === 'phpass') return phpass(text, beside, rounds);
  return shaCrypt(algorithm === 'sha256-crypt' ? 'sha256' : 'sha512', text, beside, rounds);
}

/** "The PasswordHash framework" of Openwall, version 0.5, `crypt_private`. */
function phpass(password: Buffer, salt: Buffer, rounds: number): string {
  let digest = hash('md5', Buffer.concat([salt, password]), 'buffer');
  for (let round = 0; round < rounds; round++) digest = hash('md5', Buffer.concat([digest, password]), 'buffer');
  return inCrypt([...digest]);
}

/** U. Drepper, "Unix crypt using SHA-256 and SHA-512"; the letters are those of its steps. */
function shaCrypt(algorithm: 'sha256' | 'sha512', password: Buffer, salt: Buffer, rounds: number): string {
  const digest = (...parts: readonly Buffer[]) => hash(algorithm, Buffer.concat(parts), 'buffer');
  const b = digest(password, salt, password);
  const bits: Buffer[] = [];
  for (let left = password.length; left > 0; left >>= 1) bits.push(left & 1 ? b : password);
  let a = digest(password, salt, Buffer.alloc(password.length, b), ...bits);
  const p = Buffer.alloc(password.length, digest(...Array.from(password, () => password)));
  const s = Buffer.alloc(salt.length, digest(...Array.from({ length: 16 + (a[0] ?? 0) }, () => salt)));
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? p : a];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(isOdd ? a : p);
    a = digest(...parts);
  }
  return inCrypt(shuffled(a));
}

/** The order in which the digest's bytes are written: threes that lie a third apart, each turned by one place more. */
function shuffled(digest: Buffer): number[] {
  const [third, turn] = digest.length === 64 ? [21, 1] : [10, 2];
  const order: number[] = [];
  for (let at = 0; at < third; at++) {
    const three = [at, at + third, at + 2 * third];
    for (const place of [2, 1, 0]) order.push(three[(place + at * turn) % 3] ?? 0);
  }
  return [...order, ...(digest.length === 64 ? [63] : [30, 31])].map((at) => digest[at] ?? 0);
}

/** Six bits a character, the lowest first; three bytes make four characters. */
function inCrypt(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.slice(at, at + 3);
    let value = group.reduceRight((sum, byte) => sum * 256 + byte, 0);
    for (let characters = 0; characters <= group.length; characters++) {
      text += alphabet.charAt(value % 64);
      value = Math.floor(value / 64);
    }
  }
  return text;
}
