import { accentOf, nearestAccent, type Surroundings } from '../brand/accent.js';
import { BrandFault } from '../brand/brand-fault.js';
import { footerLinksOf } from '../brand/footer-links.js';
import { type LogoFiles, readLogoFiles } from '../brand/logo-files.js';
import { type PageLogo, readPageLogo } from '../brand/page-logo.js';
import { SettingsError } from './faults.js';
import { isPlainText } from './plain-text.js';
import { readOrTell } from './reader.js';

export const logoFiles = readOrTell(readLogoFiles, BrandFault);
export const accentColor = (surroundings: Surroundings) =>
  readOrTell((text) => accentOf(text, surroundings), BrandFault);
export const footerLinks = readOrTell((text) => footerLinksOf(text, isPlainText), BrandFault);

interface Values {
  readonly LOGO_FILE: LogoFiles | undefined;
  readonly ACCENT_COLOR: ReturnType<typeof accentOf> | undefined;
  readonly ACCENT_COLOR_DARK: ReturnType<typeof accentOf> | undefined;
  readonly FOOTER_LINKS: ReturnType<typeof footerLinksOf>;
}
export type BrandSettings = ReturnType<typeof brandOf>;

/** What page and mails look like. Where only the light accent is given, the dark one is made of it. */
export function brandOf({ LOGO_FILE, ACCENT_COLOR: light, ACCENT_COLOR_DARK, FOOTER_LINKS }: Values) {
  const dark = ACCENT_COLOR_DARK ?? (light && accentOf(nearestAccent(light.accent, 'dark'), 'dark'));
  return { logo: LOGO_FILE, accent: { light, dark }, footerLinks: FOOTER_LINKS };
}

/**
 * The logo for the page: the SVG, made safe, else the PNG.
 *
 * @throws SettingsError when the SVG holds what a logo may not hold.
 */
export async function pageLogo({ logo }: BrandSettings): Promise<PageLogo | undefined> {
  try {
    return logo && (await readPageLogo(logo));
  } catch (error) {
    if (!(error instanceof BrandFault)) throw error;
    throw new SettingsError([{ name: 'LOGO_FILE', fault: error.message }]);
  }
}
