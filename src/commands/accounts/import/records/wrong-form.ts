/** The file does not consist of lines of JSON; the message says how to convert it. */
export class WrongForm extends Error {
  override name = 'WrongForm';
}

/** Number of bytes at the start that are enough to recognize the form. */
const enough = 64;
const oneObjectALine = 'one JSON object a line is needed';

/**
 * Passes a stream on if its first bytes look like lines of JSON, so that a file of another form is refused once and not
 * for every line.
 *
 * @throws WrongForm when the file is compressed, an archive, not UTF-8, a JSON array, or has objects over several
 * lines.
 */
export async function* inRightForm(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < enough) continue;
    expectLines(head);
    yield head;
    head = undefined;
  }
  if (!head) return;
  expectLines(head);
  yield head;
}

function expectLines(head: Buffer): void {
  const fault = faultOf(head);
  if (fault) throw new WrongForm(fault);
}

function faultOf(head: Buffer): string | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b)
    return 'the file is compressed (gzip); give it by gunzip -c FILE | … import -';
  if (head[0] === 0x50 && head[1] === 0x4b) return `the file is a ZIP archive or a spreadsheet; ${oneObjectALine}`;
  const hasMark = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (hasMark || head[0] === 0 || head[1] === 0) {
    return 'the file is UTF-16 or UTF-32; make it UTF-8 by iconv -f UTF-16 -t UTF-8 FILE';
  }
  const [line = ''] = head
    .toString('utf8')
    .replace(/^\ufeff?\s+|^\ufeff/, '')
    .split(/\r?\n/, 1);
  if (/^\[\s*(?:\{|$)/.test(line)) return `the file is a JSON array; ${oneObjectALine}: jq -c '.[]' FILE`;
  if (/^\{\s*$/.test(line)) return `the file has its JSON objects over several lines; ${oneObjectALine}: jq -c . FILE`;
  return undefined;
}
