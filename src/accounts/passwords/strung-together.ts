/** Code points besides the pieces with which a password still counts as made of them: `Password1!Iloveyou2!`. */
const mostBeside = 3;
/** Code points. Shorter parts of a keyboard row, or shorter repetitions, occur by chance. */
const shortest = { row: 4, repetition: 6 } as const;

/** Keyboard rows (US, German, French, Russian), keyboard columns, and the alphabet; each in both directions. */
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

/** The pieces to look up at each place of a password: consecutive lengths in code points, ascending. */
export interface Pieces {
  readonly lengths: readonly number[];
  readonly isCommon: (piece: string, length: number) => boolean;
}

/**
 * Whether a password is only common passwords, keyboard rows and short repetitions one after the other, with at most
 * three code points besides them. Such a password is long, and yet guessed by combining a few words of a list.
 *
 * Only places that can be reached with at most three such code points are searched: four places of an ordinary
 * password.
 *
 * @param folded NFC, lower case.
 * @param unit a repetition counts as a piece only if the text that is repeated has fewer code points than this.
 */
export function isStrungTogether(folded: string, common: Pieces, unit: number): boolean {
  const text = [...folded];
  /** For each place: the fewest code points besides the pieces before it. */
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

/** Length of the text that begins here and repeats every `period` code points; the last repetition may be partial. */
function repetitionAt(text: readonly string[], place: number, period: number): number {
  let end = place + period;
  while (end < text.length && text[end] === text[end - period]) end++;
  return end - place;
}
