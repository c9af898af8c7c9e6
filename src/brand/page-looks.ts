import type { Accent } from './accent.js';
import type { FooterLink } from './footer-links.js';
import type { PageLogo } from './page-logo.js';

/** What the HTML of pages shows of a brand. */
export interface PageLooks {
  readonly logo: ShownLogo | null;
  /** A picture as a URL for the browser's tab; without one, the logo is it. */
  readonly icon: string | null;
  readonly footerLinks: readonly FooterLink[];
}
export interface ShownLogo {
  /** Without a slash at its beginning. */
  readonly path: string;
  /** Pixels of CSS. */
  readonly width: number;
  readonly height: number;
}

/** Pixels of CSS. A wide logo is lower, so that it fits into the page on a phone. */
const logoHeight = 40;
const logoWidth = 240;
/** The widest logo that can still be told in a square of 16 pixels, width by height. */
const widestIcon = 1.5;

/** @param path of the logo, without a slash at its beginning */
export function pageLooks(
  { productName, accent, footerLinks }: BrandOfPage,
  logo: PageLogo | undefined,
  path: string,
): PageLooks {
  const isSquare = logo !== undefined && logo.ratio <= widestIcon && logo.ratio >= 1 / widestIcon;
  const height = logo ? Math.max(1, Math.round(Math.min(logoHeight, logoWidth / logo.ratio))) : 0;
  const isPlain = !logo && !accent.light;
  return {
    logo: logo ? { path, width: Math.max(1, Math.round(height * logo.ratio)), height } : null,
    icon: isSquare ? null : isPlain ? noIcon : tile(productName, accent.light),
    footerLinks,
  };
}

/** Keeps browsers from asking for /favicon.ico. */
const noIcon = 'data:,';

export interface BrandOfPage {
  readonly productName: string;
  readonly accent: { readonly light: Accent | undefined; readonly dark: Accent | undefined };
  readonly footerLinks: readonly FooterLink[];
}

/** A square with the first letter of the name. */
function tile(productName: string, accent: Accent | undefined): string {
  const [first] = new Intl.Segmenter().segment(productName);
  const letter = (first?.segment ?? '').toUpperCase().replace(/[<&]/g, (sign) => (sign === '<' ? '&lt;' : '&amp;'));
  const { accent: ground, onAccent } = accent ?? { accent: '#1f4fd8', onAccent: '#fff' };
  const svg =
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect width='9' height='9' rx='2' fill='${ground}'/>` +
    `<text x='50%' y='7' font-size='7' text-anchor='middle' fill='${onAccent}'>${letter}</text></svg>`;
  return `data:image/svg+xml,${svg.replace(/[%#"&\s]|[^ -~]/gu, (sign) => (sign === ' ' ? sign : encodeURIComponent(sign)))}`;
}

/** The rules that a brand adds to the page's style sheet; empty for none. */
export function brandStyles({ light, dark }: BrandOfPage['accent'], logo: PageLogo | undefined): string {
  const rule = ({ accent, strong, onAccent, tint }: Accent) =>
    `:root{--accent:${accent};--accent-strong:${strong};--on-accent:${onAccent};--tint:${tint}}`;
  const rules = [
    // The light ones first: both rules are of the same weight.
    light ? rule(light) : '',
    dark ? `@media (prefers-color-scheme:dark){${rule(dark)}}` : '',
    logo ? '.product img{max-width:100%;vertical-align:bottom}' : '',
  ];
  return rules.join('');
}
