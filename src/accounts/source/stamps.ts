import { Macs } from '../../secrets/macs.js';

/** The members of an account that end what is bound to it when they change. */
export interface Stamped {
  readonly credentialVersion: number;
  /** What the row of an app says (see `AccountSql`); empty in our own table, where the version says everything. */
  readonly stamp: string;
}

/** Bytes of a stamp in an access token: with the signature it needs no more. */
const bytesInToken = 8;

/**
 * Stamps as they leave the database: under an HMAC only, so that nobody who reads Redis, a queue or a token can try
 * hashes against one.
 */
export class Stamps {
  readonly #macs: Macs;
  readonly #short: Macs;

  /** @param secrets the first signs, all verify. None in a process that binds nothing to an account. */
  constructor(secrets: readonly string[]) {
    this.#macs = new Macs(secrets, 'latchkey account stamp v1');
    this.#short = new Macs(secrets, 'latchkey account stamp in tokens v1', 'prefixed', bytesInToken);
  }

  /** 16 bytes. */
  sign({ stamp }: Pick<Stamped, 'stamp'>): Buffer {
    return this.#macs.sign(stamp);
  }

  verify(mac: Uint8Array, { stamp }: Pick<Stamped, 'stamp'>): boolean {
    return this.#macs.verify(mac, stamp);
  }

  /** 8 bytes in base64url; empty where there is no stamp. */
  forToken({ stamp }: Pick<Stamped, 'stamp'>): string {
    return stamp && this.#short.sign(stamp).toString('base64url');
  }

  isOfToken(text: string, { stamp }: Pick<Stamped, 'stamp'>): boolean {
    if (!stamp || !text) return stamp === text;
    return this.#short.verify(Buffer.from(text, 'base64url'), stamp);
  }
}

/** Whether nothing happened to an account's credential between two looks at it. */
export function isSameCredential(one: Stamped, other: Stamped): boolean {
  return one.credentialVersion === other.credentialVersion && one.stamp === other.stamp;
}
