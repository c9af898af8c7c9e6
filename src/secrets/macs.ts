import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Text counts as UTF-8. */
export type MacField = string | Uint8Array;

/**
 * How fields become the message that is signed. `prefixed`: each field after its length, so that two lists of fields
 * never give the same message. `joined`: the purpose and then the fields, which is unambiguous only if every field has
 * a fixed length; the first release signed reset records in this way.
 */
export type MacForm = 'prefixed' | 'joined';

/**
 * MACs for one purpose: HMAC-SHA-256, cut to 16 bytes by default (128 bits, RFC 2104 section 5), under a subkey of each value of
 * `SECRET` (HKDF, RFC 5869). The first value signs, all verify, so that a new secret can be added beside the old one.
 */
export class Macs {
  readonly #keys: readonly KeyObject[];

  /**
   * @param purpose a label of its own for each kind of message: a MAC made for one is worth nothing for another.
   * @throws Error without a secret.
   */
  constructor(
    secrets: readonly string[],
    private readonly purpose: string,
    private readonly form: MacForm = 'prefixed',
    private readonly bytes = 16,
  ) {
    if (secrets.length === 0) throw new Error('MACs need a secret');
    this.#keys = secrets.map((secret) => createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))));
  }

  /** The MAC of these fields. */
  sign(...fields: readonly MacField[]): Buffer {
    return this.#under(this.#keys[0] as KeyObject, fields);
  }

  /** Whether one of the secrets made this MAC for these fields. Takes the same time for every wrong MAC of that length. */
  verify(mac: Uint8Array, ...fields: readonly MacField[]): boolean {
    if (mac.length !== this.bytes) return false;
    return this.#keys.map((key) => timingSafeEqual(this.#under(key, fields), mac)).includes(true);
  }

  #under(key: KeyObject, fields: readonly MacField[]): Buffer {
    const hmac = createHmac('sha256', key);
    if (this.form === 'joined') hmac.update(this.purpose);
    for (const field of fields) {
      const bytes = typeof field === 'string' ? Buffer.from(field) : field;
      if (this.form === 'prefixed') hmac.update(lengthOf(bytes));
      hmac.update(bytes);
    }
    return hmac.digest().subarray(0, this.bytes);
  }
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}
