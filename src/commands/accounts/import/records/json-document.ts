import { isUtf8 } from 'node:buffer';
import { type FileRecord, parseObject } from './record.js';
import { WrongForm } from './wrong-form.js';

/** Bytes of one user; a product's profile may be long, and only one is in memory. */
const longestUser = 1024 * 1024;
const [quote, backslash] = [0x22, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket, comma] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];

/**
 * Reads the users of a JSON document: the objects of its array, or of the array under one key of its object. Finds
 * where each begins and ends and has `JSON.parse` read it, so memory holds one chunk and one user, however long the
 * document is.
 *
 * @param key of the array in the outermost object; null where the document is the array.
 * @throws SourceBroken when the stream fails.
 * @throws WrongForm when the document has no such array, or ends before its end.
 */
export async function* readJsonDocument(source: AsyncIterable<Buffer>, key: string | null): AsyncGenerator<FileRecord> {
  const listDepth = key === null ? 1 : 2;
  let [depth, number, passed] = [0, 0, 0];
  let [isText, isEscaped, isInList, wasFound] = [false, false, false, false];
  /** The text that was read last in the outermost object: at a `[`, its key. */
  let name = '';
  /** Pieces of the user that is being read. */
  let user: Buffer[] | undefined;
  let size = 0;
  const keep = (piece: Buffer) => {
    size += piece.length;
    if (size <= longestUser) user?.push(piece);
  };
  for await (const chunk of source) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isText = false;
        if (isText && depth === 1 && name.length < 32) name += String.fromCharCode(byte);
        continue;
      }
      if (byte === quote) {
        isText = true;
        if (depth === 1) name = '';
        if (isInList && depth === listDepth) throw noObject(number + 1);
      } else if (byte === openBrace || byte === openBracket) {
        if (isInList && depth === listDepth) {
          if (byte !== openBrace) throw noObject(number + 1);
          [user, size, from] = [[], 0, at];
        }
        if (depth === 0 && (byte === openBracket) !== (key === null)) throw noList(key);
        depth++;
        if (byte === openBracket && depth === listDepth && !wasFound && (key === null || name === key)) {
          isInList = wasFound = true;
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--;
        if (isInList && depth === listDepth && user) {
          keep(chunk.subarray(from, at + 1));
          yield toRecord(++number, passed + at + 1, size > longestUser ? undefined : Buffer.concat(user));
          user = undefined;
        }
        if (depth < listDepth) isInList = false;
      } else if (isInList && depth === listDepth && byte > 0x20 && byte !== comma) throw noObject(number + 1);
    }
    if (user) keep(chunk.subarray(from));
    passed += chunk.length;
  }
  if (depth > 0 || isText) throw new WrongForm(`the file ends in the middle, after ${number} users`);
  if (!wasFound) throw noList(key);
}

function toRecord(number: number, end: number, bytes: Buffer | undefined): FileRecord {
  if (!bytes) return { number, end, fault: `is longer than ${longestUser} bytes` };
  const fields = isUtf8(bytes) ? parseObject(bytes.toString('utf8')) : undefined;
  return fields ? { number, end, fields } : { number, end, fault: 'is not a JSON object' };
}

function noObject(number: number): WrongForm {
  return new WrongForm(`user ${number} is not a JSON object`);
}

function noList(key: string | null): WrongForm {
  return new WrongForm(
    key === null ? 'the file is not a JSON array' : `the file has no array "${key}" in one JSON object`,
  );
}
