/** The file cannot be imported as it is; the message says why, where, and what to do. */
export class WrongForm extends Error {
  override name = 'WrongForm';
}

export function isExportOf({ title, name }: { title: string; name: string }): WrongForm {
  return new WrongForm(`the file is an export of ${title}; --from ${name} reads it`);
}

const oneObjectALine = 'one JSON object a line is needed';

/**
 * Says what is wrong with a file of another form by its first bytes, once and not for every line.
 *
 * @param head the first bytes, after decompression.
 * @param isList whether a JSON array, or a document over several lines, can be read.
 */
export function faultOfHead(head: Buffer, isList: boolean): string | undefined {
  if (head[0] === 0x50 && head[1] === 0x4b) return `the file is a ZIP archive or a spreadsheet; ${oneObjectALine}`;
  const hasMark = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (hasMark || (head.length > 1 && (head[0] === 0 || head[1] === 0))) {
    return 'the file is UTF-16 or UTF-32; make it UTF-8 by iconv -f UTF-16 -t UTF-8 FILE';
  }
  if (isList) return undefined;
  const line = firstLine(head);
  if (/^\[\s*(?:\{|$)/.test(line)) return `the file is a JSON array; ${oneObjectALine}: jq -c '.[]' FILE`;
  if (/^\{\s*$/.test(line)) return `the file has its JSON objects over several lines; ${oneObjectALine}: jq -c . FILE`;
  return undefined;
}

/** The first line that is not empty, as far as the head has it, without a byte order mark. */
export function firstLine(head: Buffer): string {
  const [line = ''] = head
    .toString('utf8')
    .replace(/^\ufeff?\s+|^\ufeff/, '')
    .split(/\r?\n/, 1);
  return line;
}
