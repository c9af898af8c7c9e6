import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accentOf, nearestAccent, type Surroundings } from '../../src/brand/accent.js';
import { type Colour, colourOf, contrast, hexOf, mixed } from '../../src/brand/colour.js';

const contrastOf = (one: string, other: string) => contrast(colourOf(one) ?? [0, 0, 0], colourOf(other) ?? [0, 0, 0]);

describe('contrast', () => {
  // Ratios that WCAG's techniques (G18) and the contrast checker of WebAIM give.
  it.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#ffffff', 1],
    ['#777777', '#ffffff', 4.48],
    ['#767676', '#ffffff', 4.54],
    ['#ff0000', '#ffffff', 4],
    ['#0000ff', '#ffffff', 8.59],
    ['#0f0', '#000', 15.3],
    ['#0066cc', '#ffffff', 5.57],
  ])('of %s and %s is %d', (one, other, ratio) => {
    expect(contrastOf(one, other)).toBeCloseTo(ratio, 1);
    expect(contrastOf(other, one)).toBe(contrastOf(one, other));
  });

  it('knows no colour but by its digits', () => {
    for (const text of ['red', '#12', '#12345', '#1234567', '1f4fd8', '#1f4fdg', 'rgb(0,0,0)', '#fff;}', '']) {
      expect(colourOf(text), text).toBeUndefined();
    }
    expect(hexOf(colourOf('#AbC') ?? [0, 0, 0])).toBe('#aabbcc');
  });
});

const surroundings = fc.constantFrom<Surroundings>('light', 'dark');
const colour = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map(hexOf);

describe('an accent', () => {
  it.each<[string, Surroundings, RegExp]>([
    ['#ffcc00', 'light', /contrast with #f1f4f8.* is 1\.37; .* nearest that passes is #[0-9a-f]{6}$/],
    ['#777777', 'light', /nearest that passes/],
    ['#1f4fd8', 'dark', /contrast with #1a233d.* in dark surroundings/],
    ['blue', 'light', /^allowed: a colour as #rrggbb or #rgb$/],
    ['#1f4fd8;background:url(//evil.example)', 'light', /^allowed: a colour/],
  ])('%s in %s surroundings is refused', (text, where, fault) => {
    expect(() => accentOf(text, where)).toThrow(fault);
  });

  it('is read where it passes, with shades of it', () => {
    expect(accentOf('#0B6E4F', 'light')).toEqual({
      ...{ accent: '#0b6e4f', strong: '#08533b' },
      ...{ onAccent: '#ffffff', tint: '#e7f1ed' },
    });
    expect(accentOf('#93b2ff', 'dark').onAccent).toBe('#0f1116');
  });

  it('that is named as the nearest passes, and no nearer one of the hue does', () => {
    fc.assert(
      fc.property(colour, surroundings, (text, where) => {
        const nearest = nearestAccent(text, where);
        const { accent, strong, onAccent, tint } = accentOf(nearest, where);
        for (const other of [onAccent, tint]) expect(contrastOf(accent, other)).toBeGreaterThanOrEqual(4.5);
        expect(contrastOf(strong, onAccent)).toBeGreaterThanOrEqual(contrastOf(accent, onAccent));
        if (nearest === text) return;
        const end: Colour = where === 'light' ? [0, 0, 0] : [255, 255, 255];
        const given = colourOf(text) ?? end;
        const lastRefused = (step: number): string => {
          const each = hexOf(mixed(given, end, (step + 1) / 256));
          return each === nearest ? hexOf(mixed(given, end, step / 256)) : lastRefused(step + 1);
        };
        expect(() => accentOf(lastRefused(0), where)).toThrow(/nearest/);
      }),
      { numRuns: 50 },
    );
  });
});
