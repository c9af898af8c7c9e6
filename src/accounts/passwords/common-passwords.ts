import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isStrungTogether } from './strung-together.js';

/**
 * 2 MiB: each probe is addressed by 24 bits, and 20 probes take 60 of the 64 bytes of a SHA-512. With the list's
 * 488,000 entries the rate of false positives is one in 13 million (Bloom 1970).
 */
const filterBytes = 2 ** 24 / 8;
const probes = 20;
/**
 * Code points. The policy allows no shorter password, so shorter entries are kept only as pieces of longer passwords.
 */
const shortest = { whole: 8, piece: 4 } as const;
/** Entries of the list, the most common ones, that count as pieces. */
const mostCommon = 1_000;
/** Code points. Longer entries are rare (144 of a million), and people do not combine them with others. */
const longestPiece = 24;
/** The version of the file: 1 has short pieces in the filter. A file of another version is built anew. */
const format = 1;
/** The entry of a short piece, so that it does not count as a whole password. */
const asPiece = (text: string) => `piece ${text}`;

/**
 * The passwords that attackers try first: those of the million most common that are long enough, in a Bloom filter. The
 * whole password is compared, as NIST SP 800-63B-4, 3.1.1.2 asks, and also whether it is several of them in a row. A
 * password that only looks simple is not refused.
 */
export class CommonPasswords {
  /** Length of the file in bytes: the filter and one byte for its format. */
  static readonly bytes = filterBytes + 1;

  constructor(private readonly filter: Uint8Array) {}

  /** @throws Error when the file does not exist (`npm run build` makes it). */
  static read(file: string): CommonPasswords {
    return new CommonPasswords(readFileSync(file));
  }

  /** @param passwords as they stand in the list, the most common first; case does not count. */
  static build(passwords: readonly string[]): Buffer {
    const lengthOf = (entry: string) => [...entry].length;
    const folded = passwords.map(fold);
    const entries = new Set(folded.filter((entry) => lengthOf(entry) >= shortest.whole));
    for (const entry of folded.slice(0, mostCommon)) if (lengthOf(entry) >= shortest.piece) entries.add(asPiece(entry));
    const filter = Buffer.alloc(CommonPasswords.bytes);
    filter.writeUInt8(format, filterBytes);
    for (const entry of entries) {
      const digest = digestOf(entry);
      for (let probe = 0; probe < probes; probe++) {
        const bit = bitOf(digest, probe);
        filter.writeUInt8(filter.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
      }
    }
    return filter;
  }

  /** @param password in NFC. */
  has(password: string): boolean {
    return this.#holds(fold(password));
  }

  /**
   * Whether the password is common passwords, keyboard rows and short repetitions one after the other.
   *
   * @param password in NFC.
   * @param shortText a repetition counts as a piece only if the text that is repeated has fewer code points than this.
   */
  isStrungOf(password: string, shortText: number): boolean {
    const isCommon = (piece: string, length: number) => this.#holds(length >= shortest.whole ? piece : asPiece(piece));
    return isStrungTogether(fold(password), { lengths: pieceLengths, isCommon }, shortText);
  }

  /** Stops at the first bit that is not set: for a text that is not in the list, mostly one of the first two. */
  #holds(entry: string): boolean {
    const digest = digestOf(entry);
    for (let probe = 0; probe < probes; probe++) {
      const bit = bitOf(digest, probe);
      if ((((this.filter[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 0) return false;
    }
    return true;
  }
}

const pieceLengths = Array.from({ length: longestPiece - shortest.piece + 1 }, (_, index) => shortest.piece + index);

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function digestOf(text: string): Buffer {
  return hash('sha512', text, 'buffer');
}

function bitOf(digest: Buffer, probe: number): number {
  return digest.readUIntBE(3 * probe, 3);
}
