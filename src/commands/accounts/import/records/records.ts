import type { Product } from '../products/product.js';
import { markedBy } from '../products/products.js';
import { open } from './bytes.js';
import { readCsv } from './csv.js';
import { readJsonDocument } from './json-document.js';
import { readJsonLines } from './json-lines.js';
import { type FileRecord, parseObject } from './record.js';
import { faultOfHead, firstLine, isExportOf, WrongForm } from './wrong-form.js';

export interface Records {
  /** What a record's number counts. */
  readonly unit: 'line' | 'user';
  readonly form: 'lines' | 'csv' | 'document';
  readonly isPacked: boolean;
  readonly all: AsyncGenerator<FileRecord>;
}

/** What begins a row of CSV: a word and a separator, as no JSON does. */
const beginsCsv = /^"?[A-Za-z_][\w:. -]*"?\s*[,;\t]/;

/**
 * Opens a file of accounts and recognizes its form by its first bytes: lines of JSON, CSV, or a product's JSON
 * document; each also as gzip.
 *
 * @throws WrongForm when it is none of them.
 * @throws SourceBroken when it cannot be read.
 */
export async function openRecords(source: AsyncIterable<Uint8Array>, product?: Product): Promise<Records> {
  const { head, isPacked, bytes } = await open(source);
  const line = firstLine(head);
  const list = product?.list;
  const isArray = list === null && line.startsWith('[');
  const isObject = line.startsWith('{') && !isWholeUser(line);
  const fault = faultOfHead(head, isArray || (isObject && typeof list === 'string'));
  const other = isObject ? namedIn(head) : undefined;
  if (other && other.name !== product?.name) throw isExportOf(other);
  if (fault) throw new WrongForm(fault);
  if (isArray || (isObject && typeof list === 'string')) {
    return { unit: 'user', form: 'document', isPacked, all: readJsonDocument(bytes, list ?? null) };
  }
  const header = product?.columns && markedBy(line.split(',').map((name) => name.replaceAll('"', '')));
  if (header) throw isExportOf(header);
  const isCsv = product?.columns ? !line.startsWith('{') && line.includes(',') : beginsCsv.test(line);
  if (isCsv) return { unit: 'line', form: 'csv', isPacked, all: readCsv(bytes, product?.columns) };
  return { unit: 'line', form: 'lines', isPacked, all: readJsonLines(bytes) };
}

/** A line that is one user, and no document of many. */
function isWholeUser(line: string): boolean {
  const object = parseObject(line);
  return object !== undefined && !Object.hasOwn(object, 'users');
}

/** The product whose JSON document begins so. */
function namedIn(head: Buffer): { title: string; name: string } | undefined {
  const text = head.toString('utf8');
  if (/"realm"\s*:/.test(text)) return { title: 'Keycloak', name: 'keycloak' };
  return /^\ufeff?\s*\{\s*"users"\s*:\s*\[/.test(text) && /"localId"\s*:/.test(text)
    ? { title: 'Firebase', name: 'firebase' }
    : undefined;
}
