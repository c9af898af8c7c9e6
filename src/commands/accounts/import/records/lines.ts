import { isUtf8 } from 'node:buffer';
import { chunksOf } from './bytes.js';

/** A line of a file; `fault` says why it cannot be read. */
export interface TextLine {
  /** From 1, empty lines included. */
  readonly number: number;
  readonly text: string;
  readonly fault?: string;
  /** Bytes of the file up to the end of this line. */
  readonly end: number;
  /** False for a last line without a line end. */
  readonly isEnded: boolean;
}

/** Bytes of a line, without its end. */
export const longestLine = 16 * 1024;
const lineFeed = 0x0a;
const byteOrderMark = '\ufeff';

/**
 * Splits a stream into lines (LF or CRLF); memory holds at most one chunk and one line. A byte order mark at the start
 * is dropped.
 *
 * @throws SourceBroken when the stream fails.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine> {
  let number = 0;
  let end = 0;
  /** The begun line. Only so much is kept that one that is too long can be recognized, with or without CR. */
  let begun: Buffer = Buffer.alloc(0);
  const keep = (piece: Buffer) => {
    const head = piece.subarray(0, longestLine + 2);
    if (begun.length < longestLine + 2) begun = begun.length === 0 ? head : Buffer.concat([begun, head]);
  };
  const finish = (isEnded: boolean): TextLine => {
    const line = { ...toLine(++number, begun, end), isEnded };
    begun = begun.subarray(0, 0);
    return line;
  };
  for await (const piece of chunksOf(source)) {
    let from = 0;
    for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, from)) {
      keep(piece.subarray(from, at));
      end += at + 1 - from;
      from = at + 1;
      yield finish(true);
    }
    keep(piece.subarray(from));
    end += piece.length - from;
  }
  if (begun.length > 0) yield finish(false);
}

function toLine(number: number, bytes: Buffer, end: number): Omit<TextLine, 'isEnded'> {
  const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
  if (line.length > longestLine) return { number, text: '', fault: `is longer than ${longestLine} bytes`, end };
  if (!isUtf8(line)) return { number, text: '', fault: 'is not UTF-8', end };
  const text = line.toString('utf8');
  return { number, text: number === 1 && text.startsWith(byteOrderMark) ? text.slice(1) : text, end };
}
