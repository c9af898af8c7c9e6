import { longestLine, readLines } from './lines.js';
import type { FileRecord } from './record.js';
import { WrongForm } from './wrong-form.js';

/** The fields of a record; `open` if a quoted field is not closed yet, `fault` if a quote stands where none may. */
type Parsed = { readonly values: string[] } | { readonly open: true } | { readonly fault: number };

/**
 * Reads CSV as RFC 4180 has it, with LF or CRLF. The reader is strict: after a misplaced quote nothing tells where the
 * next record begins, so there it ends.
 *
 * @param columns of a file without a header row.
 * @throws SourceBroken when the stream fails.
 * @throws WrongForm with line and field, when quotes are broken.
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array>,
  columns?: readonly string[],
): AsyncGenerator<FileRecord> {
  let names = columns;
  /** A record that goes on in the next line: its first line, and its text so far. */
  let begun: { number: number; text: string } | undefined;
  for await (const line of readLines(source)) {
    const { end, isEnded } = line;
    const { number, text } = begun ? { ...begun, text: `${begun.text}\n${line.text}` } : line;
    if (line.fault && begun) throw unclosed(number);
    if (line.fault) {
      yield { number, end, fault: line.fault };
      continue;
    }
    const parsed = parse(text);
    if ('fault' in parsed) {
      throw new WrongForm(`line ${line.number}: a quote is misplaced in field ${parsed.fault}; quote as RFC 4180 says`);
    }
    if ('open' in parsed) {
      if (text.length > longestLine) throw unclosed(number);
      begun = { number, text };
      continue;
    }
    begun = undefined;
    if (text.trim() === '') yield { number, end };
    else if (!names) names = expectHeader(parsed.values, number);
    else yield { number, end, ...toFields(names, parsed.values, isEnded || text.endsWith('"')) };
  }
  if (begun) throw unclosed(begun.number);
}

function unclosed(number: number): WrongForm {
  return new WrongForm(`line ${number}: a quote is opened and not closed within ${longestLine} bytes or the file`);
}

function expectHeader(values: readonly string[], number: number): readonly string[] {
  const names = values.map((name) => name.trim());
  if (names.length === 1 && /[;\t]/.test(names[0] ?? '')) {
    throw new WrongForm(`line ${number}: the columns are separated by ; or tabs; commas are needed`);
  }
  const twice = names.findIndex((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice >= 0) throw new WrongForm(`line ${number}: the header row names column ${twice + 1} a second time`);
  return names;
}

/** Empty fields are null. A last line without an end may have been cut in its last field. */
function toFields(
  names: readonly string[],
  values: readonly string[],
  isWhole: boolean,
): Omit<FileRecord, 'number' | 'end'> {
  if (!isWhole) {
    return { fault: 'has no line end, so the file may have been cut here; end the line if it is whole' };
  }
  if (values.length !== names.length) return { fault: `has ${values.length} fields, not ${names.length}` };
  const fields: Record<string, string | null> = Object.create(null);
  for (const [index, name] of names.entries()) if (name !== '') fields[name] = values[index] || null;
  return { fields };
}

function parse(text: string): Parsed {
  if (!text.includes('"')) return { values: text.split(',') };
  const values: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at);
      const value = text.slice(at, comma < 0 ? text.length : comma);
      if (value.includes('"')) return { fault: values.length + 1 };
      values.push(value);
      at += value.length;
      continue;
    }
    let value = '';
    for (let from = at + 1; ; ) {
      const quote = text.indexOf('"', from);
      if (quote < 0) return { open: true };
      value += text.slice(from, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      value += '"';
      from = at + 1;
    }
    values.push(value);
    if (at < text.length && text[at] !== ',') return { fault: values.length };
  }
  return { values };
}
