/** Bytes of one value of `SECRET`. */
export const leastSecretBytes = 32;

/**
 * At least so many different characters, and this share of the characters (32 are enough) must not repeat earlier ones.
 */
const least = { different: 8, freshShare: 3 / 4 } as const;
/** A piece that comes again counts as a repetition from this many characters on. */
const shortestRepetition = 8;

/**
 * Whether a text may come from a random generator. Nobody can prove that; this refuses what is plainly not random: too
 * few bytes or different characters, a placeholder, repeated pieces.
 *
 * Of random texts it refuses practically none. The worst case is 32 hexadecimal digits: fewer than 8 different ones in
 * at most C(16,7) · (7/16)^32 = 4e-8 of them, a border of 11 in at most 2 · 16^-11 = 1e-13, and 9 repeated characters
 * in at most C(24,2) · 16^-9 = 4e-9. 64 digits, base64 and base64url are far below that.
 */
export function looksRandom(text: string): boolean {
  if (Buffer.byteLength(text) < leastSecretBytes || /change-?me|placeholder/i.test(text)) return false;
  if (new Set(text).size < least.different) return false;
  const plain = text.toLowerCase();
  if (longestBorder(plain) * 3 >= plain.length) return false;
  return fresh(plain) >= least.freshShare * Math.min(plain.length, leastSecretBytes);
}

/**
 * How many characters at the start are also the end (failure function of Knuth, Morris and Pratt): a repeated piece.
 */
function longestBorder(text: string): number {
  const border = [0];
  for (let at = 1, length = 0; at < text.length; at++) {
    while (length > 0 && text[at] !== text[length]) length = border[length - 1] ?? 0;
    if (text[at] === text[length]) length++;
    border[at] = length;
  }
  return border.at(-1) ?? 0;
}

/** How many characters are left when every piece that stood earlier in the text is taken out, from left to right. */
function fresh(text: string): number {
  const wasSaid = (at: number, many: number) => {
    const before = text.indexOf(text.slice(at, at + many));
    return at + many <= text.length && before < at;
  };
  let count = 0;
  for (let at = 0; at < text.length; ) {
    let many = shortestRepetition;
    if (!wasSaid(at, many)) {
      at++;
      count++;
      continue;
    }
    while (wasSaid(at, many + 1)) many++;
    at += many;
  }
  return count;
}
