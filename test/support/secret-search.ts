const signatureLength = 20;
/** Characters that are kept from one chunk to the next: more than any signature has. */
const overlap = 256;

/**
 * Finds secrets in a stream of text in whatever form they may have leaked: raw, URL, JSON, hex, and base64 and
 * base64url at every alignment. A secret is found by its first 20 characters in each form.
 */
export class SecretSearch {
  readonly #signatures = new Map<string, string>();
  readonly #marks = new Map<string, string>();

  get size(): number {
    return this.#signatures.size + this.#marks.size;
  }

  /** @param what the secret's name in a finding. */
  addSecret(bytes: Buffer, what: string): void {
    for (const form of forms(bytes)) {
      if (form.length >= signatureLength) this.#signatures.set(form.slice(0, signatureLength), what);
    }
  }

  /** @param mark at least eight letters and digits that every secret of a kind contains. */
  addMark(mark: string, what: string): void {
    for (const form of forms(Buffer.from(mark))) this.#marks.set(form, what);
  }

  /** @returns a function that takes one chunk after another, and returns the names of the secrets found in each. */
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
  // The base64 form depends on the secret's offset in the encoded text, modulo 3. The first characters of a shifted
  // form also carry bits of the text before, and the last one bits of the text after: both are cut off.
  for (let shift = 0; shift < 3; shift++) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const start = Math.ceil((shift * 8) / 6);
    const end = Math.floor((shifted.length * 8) / 6);
    for (const form of ['base64', 'base64url'] as const) found.push(shifted.toString(form).slice(start, end));
  }
  return found;
}
