/** A string, a quoted name or a dollar-quoted text as a whole, or any one character. */
const tokens =
  /(?<![\p{L}\p{N}_$])[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[\s\S]*?\1|[\s\S]/gu;

interface Piece {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** Quoted texts, and what stands between them. */
function split(sql: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [text] of sql.matchAll(tokens)) {
    const isQuoted = text.length > 1 && /['"$]$/.test(text);
    const last = pieces.at(-1);
    if (isQuoted || !last || last.isQuoted) pieces.push({ text, isQuoted });
    else pieces[pieces.length - 1] = { text: last.text + text, isQuoted };
  }
  return pieces;
}

/**
 * What keeps a piece of SQL from being put into a statement of ours: it could end that statement, or swallow its rest.
 * Whether it is right, PostgreSQL decides at start.
 *
 * @returns the fault, or undefined.
 */
export function fragmentFault(sql: string): string | undefined {
  if (sql.trim() === '') return 'is empty';
  if (sql.includes('\0') || !sql.isWellFormed()) return 'holds a character that PostgreSQL does not take';
  let depth = 0;
  for (const { text, isQuoted } of split(sql)) {
    if (isQuoted) continue;
    const [open] = /['"]/.exec(text) ?? [];
    if (open) return `has a ${open} that nothing closes`;
    if (/--|\/\*/.test(text)) return 'has a comment';
    if (text.includes(';')) return 'has a semicolon';
    for (const character of text) {
      if ('(['.includes(character)) depth++;
      if (')]'.includes(character) && --depth < 0) return 'closes a bracket that it did not open';
    }
  }
  return depth > 0 ? 'has a bracket that nothing closes' : undefined;
}

const placeholder = /(?<![:\p{L}\p{N}_]):([\p{L}_][\p{L}\p{N}_]*)/gu;

/** The names of placeholders (`:id`) in a statement; casts (`::text`) and quoted text are none. */
export function placeholdersIn(sql: string): string[] {
  return split(sql).flatMap(({ text, isQuoted }) => {
    return isQuoted ? [] : [...text.matchAll(placeholder)].map(([, name]) => name ?? '');
  });
}

/** The statement with the literal in place of each `:id`. */
export function withId(sql: string, literal: string): string {
  return split(sql)
    .map(({ text, isQuoted }) =>
      isQuoted ? text : text.replace(placeholder, (found, name) => (name === 'id' ? literal : found)),
    )
    .join('');
}
