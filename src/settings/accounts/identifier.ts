const part = /"(?:[^"\0]|""){1,128}"|[\p{L}_][\p{L}\p{N}_$]*/uy;
/** Bytes; PostgreSQL would cut off a longer name without an error, and find another table by it. */
const longest = 63;

/**
 * Reads a name as SQL does: `users`, `public.users`, `"userId"`; letters outside of quotes are folded to lower case.
 *
 * @returns the parts, or undefined if the text is no name.
 */
export function parseIdentifier(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    part.lastIndex = at;
    const [found] = part.exec(text) ?? [];
    if (found === undefined) return undefined;
    const name = found.startsWith('"') ? nameOf(found) : found.toLowerCase();
    if (Buffer.byteLength(name) > longest) return undefined;
    parts.push(name);
    at += found.length;
    if (at === text.length) return parts;
    if (text[at] !== '.') return undefined;
    at++;
  }
}

/** What a quoted name names: one part, as `quoteIdentifier` writes it. */
export function nameOf(quoted: string): string {
  return quoted.slice(1, -1).replaceAll('""', '"');
}

/** The name as SQL, with every part quoted. */
export function quoteIdentifier(parts: readonly string[]): string {
  return parts.map((each) => `"${each.replaceAll('"', '""')}"`).join('.');
}
