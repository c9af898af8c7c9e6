import { createHmac } from 'node:crypto';
import type { DataKey } from './data-key.js';

/** Names in Redis that reveal no address to its readers: the first 16 bytes of an HMAC under the data key. */
export class Pseudonyms {
  constructor(private readonly dataKey: Pick<DataKey, 'bytes'>) {}

  /** @throws Unavailable while the data key is not read. */
  of(text: string): string {
    return createHmac('sha256', this.dataKey.bytes).update(text).digest().subarray(0, 16).toString('base64url');
  }
}
