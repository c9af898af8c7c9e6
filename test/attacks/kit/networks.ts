/**
 * Addresses of 127.0.0.0/8, every one of which a process may call from on Linux: so clients and networks (a /24) are
 * told apart without a header that names them.
 */
export class Networks {
  #count = 0;

  /** A /24 that nobody has called from: `127.x.y.`. */
  next(): string {
    // 127.0.0.0/24 has the servers and this process itself.
    const number = ++this.#count;
    if (number > 0xfeff) throw new Error('there are no more networks');
    return `127.${(number >> 8) + 1}.${number & 0xff}.`;
  }
}
