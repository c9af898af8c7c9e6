import { readFileSync } from 'node:fs';
import { notAllowed, type Reader } from '../reader.js';
import { readShape, type ShapeFault } from './read-shape.js';
import type { Shape } from './shape.js';

/** A shape, or every fault of it. They are told with those of the other settings, so they are not the reading's own. */
export interface AccountsValue {
  readonly shape: Shape | undefined;
  readonly faults: readonly string[];
}

/** Reads `ACCOUNTS`: JSON, or the path of a file that holds it. */
export const accountsValue: Reader<AccountsValue> = (given) => {
  const text = given.trim();
  const isJson = text.startsWith('{') || text.startsWith('[');
  const file = isJson ? undefined : read(text);
  if (file && 'fault' in file) return notAllowed(file.fault);
  const place = file ? `${text}: ` : '';
  const json = parse(file?.text ?? text);
  if ('fault' in json) return { kind: 'Read', value: { shape: undefined, faults: [`${place}${json.fault}`] } };
  const reading = readShape(json.value);
  if (reading.kind === 'Read') return { kind: 'Read', value: { shape: reading.shape, faults: [] } };
  return { kind: 'Read', value: { shape: undefined, faults: reading.faults.map((each) => `${place}${told(each)}`) } };
};

/** A fault with its key in front. */
export function told({ key, fault }: ShapeFault): string {
  return key ? `"${key}" ${fault}` : fault;
}

function read(path: string): { text: string } | { fault: string } {
  try {
    return { text: readFileSync(path, 'utf8').replace(/^\uFEFF/, '') };
  } catch (error) {
    const { code } = error as { code?: string };
    return {
      fault: `allowed: the path of a JSON file, or the JSON itself; the file cannot be read (${code ?? 'unknown reason'})`,
    };
  }
}

function parse(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { fault: `is not JSON${placeIn(text, String((error as Error).message))}` };
  }
}

/** V8 says where: by position, or not at all at the end of the text. */
function placeIn(text: string, message: string): string {
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  const lines = text.slice(0, position === undefined ? text.length : Number(position)).split('\n');
  return `: line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}; allowed: JSON, or the path of a file with it`;
}
