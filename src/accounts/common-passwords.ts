import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** 29 bits and 20 probes an entry: one false alarm in a million (Bloom 1970; n = 488,000 makes 1.8 MB). */
const bitsPerEntry = 29;
const probes = 20;
/** No shorter password can be set, so none is kept. Code points. */
const shortest = 8;

/**
 * Passwords that everybody tries: those of the million most common that are long enough, in a Bloom filter. The whole
 * password is compared, as NIST SP 800-63B-4, 3.1.1.2 asks; what merely looks simple is not refused.
 */
export class CommonPasswords {
  constructor(private readonly filter: Uint8Array) {}

  /** @throws Error when the filter was not built (`npm run build` does). */
  static read(file: string): CommonPasswords {
    return new CommonPasswords(readFileSync(file));
  }

  /** @param passwords as they stand in the list; case does not count. */
  static build(passwords: readonly string[]): Buffer {
    const entries = new Set(passwords.map(fold).filter((entry) => [...entry].length >= shortest));
    const filter = Buffer.alloc(Math.ceil((entries.size * bitsPerEntry) / 8));
    for (const entry of entries) {
      for (const bit of bitsOf(entry, filter.length))
        filter.writeUInt8(filter.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
    }
    return filter;
  }

  /** @param password in NFC. */
  has(password: string): boolean {
    return bitsOf(fold(password), this.filter.length).every((bit) => ((this.filter[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Probes by double hashing (Kirsch and Mitzenmacher 2006) over two halves of a SHA-256. */
function bitsOf(text: string, bytes: number): number[] {
  const digest = createHash('sha256').update(text).digest();
  const [one, other] = [digest.readUIntBE(0, 6), digest.readUIntBE(6, 6) | 1];
  return Array.from({ length: probes }, (_, probe) => (one + probe * Math.abs(other)) % (bytes * 8));
}
