import { readLines } from './lines.js';
import { type FileRecord, parseObject } from './record.js';

/** Reads one JSON object a line. @throws SourceBroken, WrongForm */
export async function* readJsonLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<FileRecord> {
  for await (const { number, end, text, fault, isEnded } of readLines(source)) {
    if (fault) yield { number, end, fault };
    else if (text.trim() === '') yield { number, end };
    else {
      const fields = parseObject(text);
      const isCut = !isEnded && text.trimStart().startsWith('{');
      const why = isCut ? 'is not a JSON object: the file ends in the middle of this line' : 'is not a JSON object';
      yield fields ? { number, end, fields } : { number, end, fault: why };
    }
  }
}
