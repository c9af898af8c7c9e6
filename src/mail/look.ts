import type { FooterLink } from '../brand/footer-links.js';
import type { BrandSettings } from '../settings/brand.js';

/** What every mail looks like, whatever it says: the values of the templates that are the same in all. */
export interface MailLook {
  /** `#rrggbb`, of buttons and links in light surroundings; the text on it is white. */
  readonly accent: string;
  /** In dark surroundings, with the text on it. */
  readonly accentDark: string;
  readonly onAccentDark: string;
  readonly footerLinks: readonly FooterLink[];
  readonly logo: MailLogo | null;
}

/** A picture that goes with each mail, because mail programs load none from elsewhere. */
export interface MailLogo {
  /** PNG. */
  readonly bytes: Buffer;
  /** CSS pixels in which it is shown. */
  readonly width: number;
  readonly height: number;
}

/** Of an installation without a brand: the colours of the hosted page (`page.css`). */
export const plainLook: MailLook = {
  accent: '#1f4fd8',
  accentDark: '#93b2ff',
  onAccentDark: '#0c1a44',
  footerLinks: [],
  logo: null,
};

/** The `cid:` of the logo in the templates (RFC 2392), and its Content-ID. */
export const logoId = 'logo@mail.invalid';

/** CSS pixels; a larger logo is shown smaller, and sharper where a pixel of CSS is several of the screen. */
const most = { width: 240, height: 40 };

export function lookOf({ accent: { light, dark }, footerLinks, logo }: BrandSettings): MailLook {
  return {
    ...plainLook,
    ...(light ? { accent: light.accent } : {}),
    ...(dark ? { accentDark: dark.accent, onAccentDark: dark.onAccent } : {}),
    footerLinks,
    logo: logo?.png ? shown(logo.png) : null,
  };
}

function shown({ bytes, width, height }: MailLogo): MailLogo {
  const scale = Math.min(1, most.width / width, most.height / height);
  const scaled = (side: number) => Math.max(1, Math.round(side * scale));
  return { bytes, width: scaled(width), height: scaled(height) };
}
