import { BrandFault } from './brand-fault.js';
import { type Colour, colourOf, contrast, hexOf, mixed } from './colour.js';

/** The colours of buttons and links in light or in dark surroundings, each as `#rrggbb`. */
export interface Accent {
  readonly accent: string;
  /** A button under the pointer. */
  readonly strong: string;
  /** Text on a button. */
  readonly onAccent: string;
  /** Behind a note; links may stand on it. */
  readonly tint: string;
}
export type Surroundings = 'light' | 'dark';

/** The least contrast of text (WCAG 2.2, 1.4.3). */
const leastContrast = 4.5;

interface Ground {
  /** What links stand on in page and mails; the first is the card, of which the tint is made. */
  readonly behind: readonly [card: string, ...others: string[]];
  readonly onAccent: string;
  /** How much of the accent is in the tint. */
  readonly tint: number;
  /** Where a colour goes to become readable: to black on light grounds, to white on dark ones. */
  readonly towards: Colour;
}

/** As in `page.css` and the mails. */
const grounds: Readonly<Record<Surroundings, Ground>> = {
  light: { behind: ['#ffffff', '#f2f4f8', '#f1f4f8'], onAccent: '#ffffff', tint: 0.1, towards: [0, 0, 0] },
  dark: { behind: ['#191c24', '#0f1116'], onAccent: '#0f1116', tint: 0.14, towards: [255, 255, 255] },
};
const steps = 256;

/**
 * Reads an accent colour.
 *
 * @param text `#rrggbb` or `#rgb`.
 * @throws BrandFault when it is no colour, or when text in it or on it could not be read; it names the nearest of the
 *   same hue that passes.
 */
export function accentOf(text: string, surroundings: Surroundings): Accent {
  const colour = colourOf(text);
  if (!colour) throw new BrandFault('allowed: a colour as #rrggbb or #rgb');
  const worst = worstGround(colour, surroundings);
  if (worst.contrast >= leastContrast) return shadesOf(colour, surroundings);
  throw new BrandFault(
    // Rounded down, so that 4.499 is not told as 4.5.
    `its contrast with ${worst.ground}, which is beside it in ${surroundings} surroundings, is ${Math.floor(worst.contrast * 100) / 100}; ` +
      `allowed: at least ${leastContrast} (WCAG 2.2, 1.4.3); the nearest that passes is ${nearestAccent(text, surroundings)}`,
  );
}

/** The nearest colour of the same hue that passes: the colour itself where it does. @param text a colour */
export function nearestAccent(text: string, surroundings: Surroundings): string {
  const colour = colourOf(text) ?? [0, 0, 0];
  const { towards } = grounds[surroundings];
  for (let step = 0; step < steps; step++) {
    const candidate = mixed(colour, towards, step / steps);
    if (worstGround(candidate, surroundings).contrast >= leastContrast) return hexOf(candidate);
  }
  return hexOf(towards);
}

/** The ground with the least contrast, the tint and the text of buttons among them. */
function worstGround(colour: Colour, surroundings: Surroundings): { ground: string; contrast: number } {
  const { behind, onAccent } = grounds[surroundings];
  const all = [...behind, onAccent, tintOf(colour, surroundings)].map((ground) => {
    return { ground, contrast: contrast(colour, colourOf(ground) ?? colour) };
  });
  return all.reduce((worst, each) => (each.contrast < worst.contrast ? each : worst));
}

function shadesOf(colour: Colour, surroundings: Surroundings): Accent {
  const { onAccent, towards } = grounds[surroundings];
  return {
    accent: hexOf(colour),
    // Further from the text on it, so that its contrast is never less.
    strong: hexOf(mixed(colour, towards, 0.25)),
    onAccent,
    tint: tintOf(colour, surroundings),
  };
}

function tintOf(colour: Colour, surroundings: Surroundings): string {
  const { behind, tint } = grounds[surroundings];
  return hexOf(mixed(colourOf(behind[0]) ?? colour, colour, tint));
}
