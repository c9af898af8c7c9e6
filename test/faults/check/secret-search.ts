const signatureLength = 20;
/** Kept from one chunk to the next, longer than any signature. */
const overlap = 256;

/**
 * Finds secrets in a stream of text in whatever form they may have leaked: raw, URL, JSON, base64 and base64url at every
 * alignment, hex. A secret is known by its first characters in each form.
 */
export class SecretSearch {
  readonly #signatures = new Map<string, string>();
  readonly #marks = new Map<string, string>();

  get size(): number {
    return this.#signatures.size + this.#marks.size;
  }

  /** @param what as it is called when it is found. */
  addSecret(bytes: Buffer, what: string): void {
    for (const form of forms(bytes)) {
      if (form.length >= signatureLength) this.#signatures.set(form.slice(0, signatureLength), what);
    }
  }

  /** Letters and digits that every secret of a kind contains, at least eight. */
  addMark(mark: string, what: string): void {
    for (const form of forms(Buffer.from(mark))) this.#marks.set(form, what);
  }

  /** @returns a function that is given chunk after chunk, and says what it found up to each chunk's end. */
  open(): (chunk: Buffer) => string[] {
    let rest = '';
    return (chunk) => {
      const text = rest + chunk.toString('latin1');
      rest = text.slice(-overlap);
      return this.#in(text);
    };
  }

  #in(text: string): string[] {
    const found = new Set<string>();
    for (const [mark, what] of this.#marks) if (text.includes(mark)) found.add(what);
    for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{20,}/g)) {
      for (let from = 0; from + signatureLength <= run.length; from++) {
        const what = this.#signatures.get(run.slice(from, from + signatureLength));
        if (what) found.add(what);
      }
    }
    return [...found];
  }
}

function forms(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  const found = [bytes.toString('latin1'), hex, hex.toUpperCase()];
  // base64 depends on what stands before: three shifts are all there are. The first characters of a shifted text carry
  // bits of what stands before, the last one bits of what follows.
  for (let shift = 0; shift < 3; shift++) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const start = Math.ceil((shift * 8) / 6);
    const end = Math.floor((shifted.length * 8) / 6);
    for (const form of ['base64', 'base64url'] as const) found.push(shifted.toString(form).slice(start, end));
  }
  return found;
}
