import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFolder, templatesFolder } from '../../src/package-files.js';

const names = readdirSync(`${packageFolder}templates/mail`).flatMap(
  (file) => /^([a-z-]+)\.mjml$/.exec(file)?.[1] ?? [],
);
/** As `npm run build` left it, values not filled in. */
const compiled = (name: string) => readFileSync(`${templatesFolder}/mail/${name}.html`, 'utf8');
const withoutHead = (html: string) => html.replace(/^[\s\S]*?<body/, '<body');

describe.each(names)('%s', (name) => {
  const html = compiled(name);

  it('has one heading, which is its heading', () => {
    expect(html.match(/<h[1-6][^>]*>[^<]*/g)?.map((each) => each.replace(/^[^>]*>/, ''))).toEqual([
      '{{ say.heading }}',
    ]);
  });

  it('fills what lists show after the preheader, so that no text leaks in', () => {
    const [, preheader = ''] = /<div style="display:none[^>]*>([\s\S]*?)<\/div>/.exec(html) ?? [];
    const [words, ...pairs] = preheader.split('&#847;');
    expect(words).toBe('{{ say.preview }}');
    expect(pairs.join('')).toBe('&#8199;'.repeat(75));
    expect(withoutHead(html).indexOf(preheader)).toBeLessThan(withoutHead(html).indexOf('{{ productName }}'));
  });

  it('says that it knows the dark', () => {
    for (const meta of ['color-scheme', 'supported-color-schemes'])
      expect(html).toContain(`<meta name="${meta}" content="light dark">`);
    expect(html).toContain('@media (prefers-color-scheme: dark)');
  });

  it('has no colour that the dark forgets, on any of its grounds', () => {
    const inline = new Set(
      [...withoutHead(html).matchAll(/[ ;"]color: ?(#\w{6}|\{\{ [\w.]+ \}\})/g)].map(([, colour]) => colour),
    );
    expect([...inline].sort()).toEqual(['#1b1f28', '#565d6b', '#ffffff', '{{ look.accent }}']);
    const grounds = new Set(
      [...withoutHead(html).matchAll(/background(?:-color)?: ?(#\w{6}|\{\{ [\w.]+ \}\})/g)].map(([, each]) => each),
    );
    expect([...grounds].sort()).toEqual(['#f2f4f8', '#ffffff', '{{ look.accent }}']);
  });
});

/** Letters and what they stand on, in `_head.mjml`; a client that turns the light palette round itself takes the rest. */
const pairs = {
  light: [
    '#1b1f28 #ffffff',
    '#1b1f28 #f2f4f8',
    '#565d6b #ffffff',
    '#565d6b #f2f4f8',
    '#1f4fd8 #ffffff',
    '#1f4fd8 #f2f4f8',
  ],
  dark: [
    '#e9ebf1 #191c24',
    '#e9ebf1 #0f1116',
    '#abb2c1 #191c24',
    '#abb2c1 #0f1116',
    '#93b2ff #191c24',
    '#93b2ff #0f1116',
  ],
  buttons: ['#ffffff #1f4fd8', '#0c1a44 #93b2ff'],
};

it('every letter is read in the light, in the dark, and where a client turns the light round (WCAG 2.2, 1.4.3)', () => {
  const head = readFileSync(`${packageFolder}templates/mail/_head.mjml`, 'utf8');
  const all = Object.values(pairs).flat();
  for (const colour of head.match(/#[0-9a-f]{6}/g) ?? []) expect(all.join(' ')).toContain(colour);
  const contrasts = all.map((pair) => [pair, contrast(pair)] as const);
  expect(contrasts.filter(([, ratio]) => ratio < 4.5)).toEqual([]);
  const turned = pairs.light.map((pair) => [pair, contrast(pair, turnedRound)] as const);
  expect(turned.filter(([, ratio]) => ratio < 4.5)).toEqual([]);
});

function contrast(pair: string, of = luminance): number {
  const [one = 0, other = 0] = pair.split(' ').map(of);
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** Of 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The luminance of the opposite lightness (CIE L*), with which Outlook makes a dark mail of a light one. */
function turnedRound(colour: string): number {
  return ((100 - (116 * Math.cbrt(luminance(colour)) - 16) + 16) / 116) ** 3;
}
