/** Code points that may stand beside the pieces without making a password of them: `Password1!Iloveyou2!`. */
const mostBeside = 3;
/** Fewer characters of a row, or of a repetition, are chance. Code points. */
const shortest = { row: 4, repetition: 6 } as const;

/** Neighbours on a keyboard (US, German, French, Russian), its columns, the alphabet; each is read in both directions. */
const rows = [
  '`1234567890-=',
  '^1234567890ß´',
  'qwertyuiop[]',
  "asdfghjkl;'#",
  'zxcvbnm,./',
  'qwertzuiopü+',
  'asdfghjklöä',
  'yxcvbnm,.-',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  'йцукенгшщзхъ',
  'фывапролджэ',
  'ячсмитьбю',
  ...['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik,', '9ol.'],
  'abcdefghijklmnopqrstuvwxyz',
].flatMap((row) => [row, [...row].reverse().join('')]);

/** What is looked up at one place of a password: lengths in code points, one after the other. */
export interface Pieces {
  readonly lengths: readonly number[];
  readonly isCommon: (piece: string, length: number) => boolean;
}

/**
 * Whether a password is nothing but common passwords, keyboard rows and short repetitions one after the other, with at
 * most three code points beside them. Such a text is long, and guessed by putting a few words of a list together.
 *
 * Only places that can be reached with so little beside them are looked at, so that an ordinary password costs four.
 *
 * @param folded NFC, lower case.
 * @param unit a text that is repeated is short below this many code points.
 */
export function isStrungTogether(folded: string, common: Pieces, unit: number): boolean {
  const text = [...folded];
  /** By place: the fewest code points beside the pieces up to there. */
  const beside = [0];
  for (let place = 0; place < text.length; place++) {
    const least = beside[place];
    if (least === undefined || least > mostBeside) continue;
    reach(beside, place + 1, least + 1);
    for (const length of piecesAt(text, place, common, unit)) reach(beside, place + length, least);
  }
  return (beside[text.length] ?? Number.POSITIVE_INFINITY) <= mostBeside;
}

function reach(beside: number[], place: number, count: number): void {
  beside[place] = Math.min(beside[place] ?? count, count);
}

function* piecesAt(text: readonly string[], place: number, common: Pieces, unit: number): Generator<number> {
  const left = text.length - place;
  const [first = 0] = common.lengths;
  let piece = text.slice(place, place + first - 1).join('');
  for (const length of common.lengths) {
    if (length > left) break;
    piece += text[place + length - 1] ?? '';
    if (common.isCommon(piece, length)) yield length;
  }
  const row = rowAt(text, place);
  for (let length = shortest.row; length <= row; length++) yield length;
  for (let period = 1; period < unit && 2 * period <= left; period++) {
    const length = repetitionAt(text, place, period);
    if (length >= 2 * period && length >= shortest.repetition) yield length;
  }
}

/** Length of the longest part of a keyboard row that begins here. */
function rowAt(text: readonly string[], place: number): number {
  const lengths = rows.map((row) => {
    const start = row.indexOf(text[place] ?? '');
    let length = 0;
    while (start >= 0 && place + length < text.length && row[start + length] === text[place + length]) length++;
    return length;
  });
  return Math.max(...lengths);
}

/** Length of what begins here and repeats after so many code points; the last time may be cut off. */
function repetitionAt(text: readonly string[], place: number, period: number): number {
  let end = place + period;
  while (end < text.length && text[end] === text[end - period]) end++;
  return end - place;
}
