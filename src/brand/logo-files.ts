import { readFileSync, statSync } from 'node:fs';
import { BrandFault } from './brand-fault.js';
import { type PngLogo, readPng } from './png.js';

/** The logo as its files hold it. */
export interface LogoFiles {
  /** For the page. Not made safe yet: see `safeSvg`. */
  readonly svg: SvgFile | undefined;
  /** For mails, and for the page where there is no SVG. */
  readonly png: PngLogo | undefined;
}
export interface SvgFile {
  readonly file: string;
  readonly bytes: Buffer;
}

/** Bytes of a file: every mail carries the picture. */
export const mostLogoBytes = 32 * 1024;

/**
 * Reads the files of `LOGO_FILE`.
 *
 * @param text one path or two, separated by a comma: at most one that ends with `.svg` and one with `.png`.
 * @throws BrandFault naming the file and what is wrong with it
 */
export function readLogoFiles(text: string): LogoFiles {
  const paths = text.split(',').map((path) => path.trim());
  const pathOf = (extension: string) => paths.filter((path) => path.toLowerCase().endsWith(extension));
  const [svgs, pngs] = [pathOf('.svg'), pathOf('.png')];
  if (svgs.length > 1 || pngs.length > 1 || svgs.length + pngs.length < paths.length) {
    throw new BrandFault('allowed: the path of an .svg file, of a .png file, or of one each, separated by a comma');
  }
  const [svg, png] = [svgs[0], pngs[0]];
  return {
    svg: svg === undefined ? undefined : naming(svg, () => ({ file: svg, bytes: bytesOf(svg) })),
    png: png === undefined ? undefined : naming(png, () => readPng(bytesOf(png))),
  };
}

function bytesOf(file: string): Buffer {
  const found = statSync(file);
  // Asked first: reading a pipe or a device would never end.
  if (!found.isFile()) throw new BrandFault('is no file');
  if (found.size === 0) throw new BrandFault('is empty');
  if (found.size > mostLogoBytes) throw new BrandFault(`is ${found.size} bytes; allowed: ${mostLogoBytes} at most`);
  return readFileSync(file);
}

/** Puts the name of a file before what is wrong with it. @throws BrandFault, also where the file cannot be read */
export function naming<Value>(file: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof BrandFault) throw new BrandFault(`${file}: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new BrandFault(`${file}: cannot be read (${code})`);
  }
}
