/** One account as a file tells it; `fault` says why it cannot be read. An empty line has neither fields nor fault. */
export interface FileRecord {
  /** From 1: of the line, empty ones included, or of the user in a JSON document. */
  readonly number: number;
  readonly fields?: Fields;
  readonly fault?: string;
  /** Bytes of the file, decompressed, up to the end of this record. */
  readonly end: number;
}

export type Fields = Readonly<Record<string, unknown>>;

/** The object of a JSON text, or undefined. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
