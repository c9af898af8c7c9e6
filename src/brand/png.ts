import { crc32 } from 'node:zlib';
import { BrandFault } from './brand-fault.js';

/** A picture for mails, and for the page where there is no SVG. */
export interface PngLogo {
  readonly bytes: Buffer;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
/** Pixels of a side. 32 KiB can unfold to gigabytes in whoever shows them; twice the size that is shown is enough. */
export const mostPixels = 1_024;

/**
 * Checks that bytes are one whole PNG picture (ISO/IEC 15948): its chunks follow each other, unharmed, from the header to
 * the end, with nothing after it that another program could take for something else.
 *
 * @throws BrandFault saying what is wrong
 */
export function readPng(bytes: Buffer): PngLogo {
  if (!bytes.subarray(0, 8).equals(signature)) throw new BrandFault('is no PNG image');
  const kinds: string[] = [];
  let at = signature.length;
  while (at < bytes.length) {
    const length = at + 12 <= bytes.length ? bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    const end = at + 12 + length;
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new BrandFault('is a PNG image that is damaged or cut off');
    }
    kinds.push(bytes.toString('latin1', at + 4, at + 8));
    at = end;
    if (kinds.at(-1) === 'IEND') break;
  }
  const isWhole = kinds[0] === 'IHDR' && kinds.includes('IDAT') && kinds.at(-1) === 'IEND';
  if (!isWhole) throw new BrandFault('is a PNG image that is damaged or cut off');
  if (at < bytes.length) throw new BrandFault(`holds ${bytes.length - at} bytes after the end of its PNG image`);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width < 1 || height < 1 || width > mostPixels || height > mostPixels) {
    throw new BrandFault(`is ${width} × ${height} pixels; allowed: ${mostPixels} a side at most`);
  }
  return { bytes, width, height };
}
