/** Code points that must remain when the words of the account and the product are taken out of a password. */
export const leastBesideWords = 8;
/** Code points. Shorter words say too little about a person. */
const shortestWord = 4;

/** The address, its two sides, and their words. */
export function wordsOfAddress(address: string): string[] {
  const sides = address.split('@');
  return longEnough([address, ...sides, ...sides.flatMap(wordsOf)]);
}

export function wordsOfName(name: string): string[] {
  return longEnough([name, ...wordsOf(name)]);
}

/** Which of the words are in the password, and how many code points remain without them. Ignores case. */
export function withoutWords(password: string, words: readonly string[]): { found: string[]; remaining: number } {
  const found: string[] = [];
  let rest = password.normalize('NFC').toLowerCase();
  for (const word of [...words].sort((one, other) => other.length - one.length)) {
    if (!rest.includes(word)) continue;
    found.push(word);
    rest = rest.replaceAll(word, '');
  }
  return { found, remaining: [...rest].length };
}

function wordsOf(text: string): string[] {
  return text.split(/[^\p{L}\p{N}]+/u);
}

function longEnough(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.normalize('NFC').toLowerCase()))].filter(
    (word) => [...word].length >= shortestWord,
  );
}
