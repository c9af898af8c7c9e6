/** Red, green and blue, each from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** @param text `#1f4fd8` or `#14d`. @returns undefined for anything else */
export function colourOf(text: string): Colour | undefined {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const all = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits;
  const [red = 0, green = 0, blue = 0] = (all.match(/../g) ?? []).map((each) => Number.parseInt(each, 16));
  return [red, green, blue];
}

/** `#rrggbb`, in small letters. */
export function hexOf(colour: Colour): string {
  return `#${colour.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
}

/** The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** From 0 for black to 1 for white (WCAG 2.2, "relative luminance"). */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((each) => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param share of `other`, from 0 to 1 */
export function mixed(colour: Colour, other: Colour, share: number): Colour {
  const [red = 0, green = 0, blue = 0] = colour.map((each, at) =>
    Math.round(each + ((other[at] ?? each) - each) * share),
  );
  return [red, green, blue];
}
