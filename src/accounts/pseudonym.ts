import { createHmac, hkdfSync } from 'node:crypto';

const purpose = 'latchkey pseudonym v1';

/** Names for addresses in Redis that tell nothing to who can read there: an HMAC under a subkey of `SECRET`. */
export class Pseudonyms {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  }

  of(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest().subarray(0, 16).toString('base64url');
  }
}
