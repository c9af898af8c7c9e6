import type { LogoFiles } from './logo-files.js';

/** The logo as the page shows it. */
export interface PageLogo {
  readonly bytes: Buffer;
  readonly extension: 'svg' | 'png';
  /** Width by height. */
  readonly ratio: number;
}

/** Prefers the SVG, which is sharp in every size. @throws BrandFault when it holds what a logo may not hold */
export async function readPageLogo({ svg: file, png }: LogoFiles): Promise<PageLogo | undefined> {
  if (file) {
    // Loaded here: few installations have a logo, and the parser is larger than all of the brand.
    const { safeSvg } = await import('./svg.js');
    const { svg, ratio } = await safeSvg(file);
    return { bytes: Buffer.from(svg), extension: 'svg', ratio };
  }
  return png && { bytes: png.bytes, extension: 'png', ratio: png.width / png.height };
}
