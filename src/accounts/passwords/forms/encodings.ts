import { randomBytes, timingSafeEqual } from 'node:crypto';

/** In bytes. */
interface Lengths {
  readonly least: number;
  readonly most: number;
}

/**
 * The bytes of a text in base64 (RFC 4648, section 4), with unused bits zero; undefined if it is none, or of another
 * length.
 *
 * @param padding `none`: without `=`; `full`: with all of them.
 */
export function fromBase64(text: string, { least, most }: Lengths, padding: 'none' | 'full'): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const isCanonical = (padding === 'none' ? toBase64(bytes) : bytes.toString('base64')) === text;
  return isCanonical && bytes.length >= least && bytes.length <= most ? bytes : undefined;
}

/** Without padding, as the PHC string format has it. */
export function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** Lower case only; undefined if it is no whole number of bytes in that range. */
export function fromHex(text: string, { least, most }: Lengths): Buffer | undefined {
  const bytes = Buffer.from(text, 'hex');
  return bytes.toString('hex') === text && bytes.length >= least && bytes.length <= most ? bytes : undefined;
}

export function randomBase64(bytes: number): string {
  return toBase64(randomBytes(bytes));
}

/** Random characters of the alphabet that bcrypt, crypt and phpass share. */
export function randomCrypt(length: number): string {
  return randomBytes(length).toString('base64').replaceAll('+', '.').slice(0, length);
}

/** Takes the same time wherever they differ. */
export function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
