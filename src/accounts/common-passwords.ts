import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * 2 MiB: each probe is addressed by 24 bits, and 20 probes take 60 of the 64 bytes of a SHA-512. With the list's 488,000
 * entries that is one false alarm in 13 million (Bloom 1970).
 */
const filterBytes = 2 ** 24 / 8;
const probes = 20;
/** No shorter password can be set, so none is kept. Code points. */
const shortest = 8;

/**
 * Passwords that everybody tries: those of the million most common that are long enough, in a Bloom filter. The whole
 * password is compared, as NIST SP 800-63B-4, 3.1.1.2 asks; what merely looks simple is not refused.
 */
export class CommonPasswords {
  /** Of the filter, always. */
  static readonly bytes = filterBytes;

  constructor(private readonly filter: Uint8Array) {}

  /** @throws Error when the filter was not built (`npm run build` does). */
  static read(file: string): CommonPasswords {
    return new CommonPasswords(readFileSync(file));
  }

  /** @param passwords as they stand in the list; case does not count. */
  static build(passwords: readonly string[]): Buffer {
    const entries = new Set(passwords.map(fold).filter((entry) => [...entry].length >= shortest));
    const filter = Buffer.alloc(filterBytes);
    for (const entry of entries) {
      for (const bit of bitsOf(entry)) filter.writeUInt8(filter.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
    }
    return filter;
  }

  /** @param password in NFC. */
  has(password: string): boolean {
    return bitsOf(fold(password)).every((bit) => ((this.filter[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function bitsOf(text: string): number[] {
  const digest = createHash('sha512').update(text).digest();
  return Array.from({ length: probes }, (_, probe) => digest.readUIntBE(3 * probe, 3));
}
