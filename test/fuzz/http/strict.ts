/** A request as a strict reader sees it (RFC 9112). */
export interface StrictRequest {
  readonly method: string;
  readonly target: string;
}

export interface StrictReading {
  /** Whole and correct, in their order. */
  readonly requests: readonly StrictRequest[];
  /** Whether bytes follow that are no whole correct request: they may get one answer, a refusal. */
  readonly hasRest: boolean;
}

/** RFC 9112 3: the words of the first line may stand apart by more than one space; Node takes that. */
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S+) +HTTP\/1\.[01]$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 9110 5.5 names the bytes that a value may not hold.
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/;

/** Reads bytes (as latin1) without any leniency: the first thing that is not exact ends the reading. */
export function readStrictly(bytes: string): StrictReading {
  const requests: StrictRequest[] = [];
  let rest = bytes;
  for (;;) {
    // RFC 9112 2.2: empty lines before a request are passed over, and a line may end in LF alone; Node does both here.
    rest = rest.replace(/^(?:\r?\n)+/, '');
    if (rest === '') return { requests, hasRest: false };
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, Math.max(end, 0)).split('\r\n');
    const [, method, target] = requestLine.exec(first) ?? [];
    const headers = lines.map((line) => headerLine.exec(line));
    if (end < 0 || !method || !target || headers.includes(null)) return { requests, hasRest: true };
    const valuesOf = (name: string) =>
      headers.flatMap((match) => (match?.[1]?.toLowerCase() === name ? [match[2] ?? ''] : []));
    const after = bodyEnd(rest, end + 4, valuesOf('content-length'), valuesOf('transfer-encoding'));
    if (after === undefined) return { requests, hasRest: true };
    requests.push({ method, target });
    // A client that says that it closes sends nothing more.
    if (valuesOf('connection').some((value) => /\bclose\b/i.test(value))) return { requests, hasRest: false };
    rest = rest.slice(after);
  }
}

/** @returns where the body ends; undefined for a body that is not whole, or whose length is told in two ways. */
function bodyEnd(
  bytes: string,
  from: number,
  lengths: readonly string[],
  codings: readonly string[],
): number | undefined {
  if (codings.length > 0) {
    // RFC 9112 6.1: chunks frame the body if `chunked` comes last, and once.
    const isChunked = /^(?:(?!chunked\b)[a-z]+, *)*chunked$/i.test(codings.map((each) => each.trim()).join(', '));
    return isChunked && lengths.length === 0 ? chunksEnd(bytes, from) : undefined;
  }
  if (lengths.length === 0) return from;
  const [length = ''] = lengths.map((each) => each.trim());
  if (lengths.length > 1 || !/^\d{1,9}$/.test(length)) return undefined;
  return from + Number(length) <= bytes.length ? from + Number(length) : undefined;
}

function chunksEnd(bytes: string, from: number): number | undefined {
  for (let at = from; ; ) {
    const end = bytes.indexOf('\r\n', at);
    const size = end < 0 ? null : /^([0-9a-f]{1,7})(?:[ \t]*;[ -~\t]*)?$/i.exec(bytes.slice(at, end));
    if (!size) return undefined;
    const length = Number.parseInt(size[1] ?? '', 16);
    at = end + 2 + length;
    if (length === 0) break;
    if (bytes.slice(at, at + 2) !== '\r\n') return undefined;
    at += 2;
    from = at;
  }
  const lines = bytes.slice(bytes.indexOf('\r\n', from) + 2);
  const trailers = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t\x21-\x7e\x80-\xff]*\r\n)*\r\n/.exec(lines);
  return trailers ? bytes.length - lines.length + trailers[0].length : undefined;
}
