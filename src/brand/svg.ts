import type { Attributes, IOptions } from 'sanitize-html';
import { BrandFault } from './brand-fault.js';
import type { SvgFile } from './logo-files.js';
import {
  attributes,
  isHarmless,
  isPlainValue,
  isQuietAttribute,
  isQuietElement,
  presentation,
  shapes,
  styleOf,
} from './svg-allowed.js';

/** A logo that holds nothing but shapes and their colours. */
export interface SvgLogo {
  readonly svg: string;
  /** Width by height. */
  readonly ratio: number;
}

/** Elements in one another. Some XML readers stop at 256. */
const deepest = 32;

/**
 * Makes an SVG file safe: what is left is elements and attributes of a list, with values of a few plain forms, and no
 * reference that leads out of the file. What editors leave behind (metadata, names of layers) is taken out; a file that
 * holds anything else is refused rather than changed, because a logo without its script may not be the logo any more.
 *
 * @throws BrandFault naming the file and each thing that it may not hold
 */
export async function safeSvg({ file, bytes }: SvgFile): Promise<SvgLogo> {
  const text = textOf(bytes, file);
  const { default: sanitize } = await import('sanitize-html');
  const reading = new Reading();
  const svg = sanitize(text, reading.options);
  if (reading.faults.size > 0) {
    throw new BrandFault(
      `${file}: holds ${[...reading.faults].slice(0, 5).join(', ')}; allowed: shapes, groups, gradients, clip paths and ` +
        'masks with plain colours, and no reference to anything outside of the file. Export the logo with its text as ' +
        'paths and its styles as presentation attributes',
    );
  }
  if (!reading.hasShapes) throw new BrandFault(`${file}: shows nothing: it holds no shape`);
  if (reading.ratio === undefined)
    throw new BrandFault(`${file}: has no viewBox with a width and a height, one at most 20 times the other`);
  return { svg, ratio: reading.ratio };
}

/** UTF-8 alone, so that we and a browser read the same. A parser drops the declarations, of which none is needed. */
function textOf(bytes: Buffer, file: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BrandFault(`${file}: is no text in UTF-8 (nor may it be compressed)`);
  }
  const declaration = /^\s*<\?xml\s[^?<>]*\?>/.exec(text)?.[0] ?? '';
  const encoding = /encoding\s*=\s*["']([^"']*)/.exec(declaration)?.[1] ?? 'utf-8';
  if (encoding.toLowerCase() !== 'utf-8')
    throw new BrandFault(`${file}: says that it is in ${encoding}; allowed: UTF-8`);
  const rest = text.slice(declaration.length).replace(/<!--[\s\S]*?-->/g, '');
  if (/[^\P{Cc}\t\n\r]/u.test(rest)) throw new BrandFault(`${file}: holds control characters`);
  if (/<[!?]/.test(rest)) {
    throw new BrandFault(`${file}: holds a DOCTYPE, an entity, CDATA or a processing instruction; take it out`);
  }
  return rest;
}

/** One pass through a file: what it may not hold, and how the rest is written. */
class Reading {
  readonly faults = new Set<string>();
  hasShapes = false;
  ratio: number | undefined;
  #path: string[] = [];
  #hasTop = false;

  readonly options: IOptions = {
    parser: { xmlMode: true },
    allowedTags: [...shapes],
    allowedAttributes: { '*': [...attributes, 'xmlns'] },
    disallowedTagsMode: 'completelyDiscard',
    selfClosing: [],
    allowedSchemes: [],
    parseStyleAttributes: false,
    textFilter: () => '',
    onOpenTag: (name, given) => this.#open(name, given),
    onCloseTag: () => void this.#path.pop(),
    transformTags: { '*': (tagName, given) => ({ tagName, attribs: this.#written(tagName, given) }) },
  };

  #open(name: string, given: Attributes): void {
    const path = this.#path;
    if (isQuietElement(name)) {
      path.push(name);
      return;
    }
    const tell = (what: string) => this.faults.add(what);
    const isAtTop = path.length === 0;
    if (!shapes.has(name)) tell(`<${shown(name)}>`);
    else if (isAtTop !== (name === 'svg')) tell(`<${name}> ${isAtTop ? 'at the top' : 'below the top'}`);
    else if (path.some(isQuietElement)) tell(`<${name}> in <${path.find(isQuietElement)}>`);
    if (isAtTop && this.#hasTop) tell(`a second <${shown(name)}>`);
    this.#hasTop = true;
    if (path.length >= deepest) tell(`more than ${deepest} elements in one another`);
    const style = styleOf(given.style);
    // One in another multiplies the work of whoever draws them.
    const isMasked = [...Object.keys(given), ...style.map(([property]) => property)].some(isMasking);
    if (isMasked && [...path, name].some((each) => /^(?:mask|clipPath)$/.test(each))) tell('a mask in another');
    path.push(name);
    for (const [attribute, value] of Object.entries(given)) {
      const plain = attribute === 'xlink:href' ? 'href' : attribute;
      if (plain === 'style' || isQuietAttribute(plain)) continue;
      const isAllowed = attributes.has(plain) && (plain !== 'href' || name.endsWith('Gradient'));
      if (!isAllowed) tell(`the attribute ${shown(attribute)} of <${shown(name)}>`);
      else if (!isPlainValue(plain, value)) tell(`${attribute}="${shown(value)}"`);
    }
    for (const [property, value] of style) {
      const isGood = presentation.has(property) ? isPlainValue(property, value) : isHarmless(`${property}:${value}`);
      if (!isGood) tell(`style="${shown(`${property}:${value}`)}"`);
    }
    if (isAtTop) this.ratio = ratioOf(given);
    else if (/^(?:path|rect|circle|ellipse|line|polyline|polygon)$/.test(name)) this.hasShapes = true;
  }

  /** The attributes that stay. The size of the whole is the page's business; of a style stays what attributes can say. */
  #written(name: string, given: Attributes): Attributes {
    const style = styleOf(given.style).filter(([property]) => presentation.has(property));
    const all: Attributes = { ...given, ...Object.fromEntries(style) };
    if (all['xlink:href']) all.href ||= all['xlink:href'];
    if (name === 'svg') {
      all.viewBox ||= `0 0 ${Number.parseFloat(all.width ?? '')} ${Number.parseFloat(all.height ?? '')}`;
      for (const each of ['width', 'height', 'x', 'y', 'id']) delete all[each];
    }
    // An attribute without a value is none of XML's.
    const kept = Object.entries(all).filter(([attribute, value]) => attributes.has(attribute) && value !== '');
    return { ...(name === 'svg' ? { xmlns: 'http://www.w3.org/2000/svg' } : {}), ...Object.fromEntries(kept) };
  }
}

const isMasking = (name: string) => name === 'mask' || name === 'clip-path';

/** Width by height of the picture: by its viewBox, else by a width and a height in pixels. */
function ratioOf({ viewBox, width = '', height = '' }: Attributes): number | undefined {
  const sides =
    viewBox === undefined
      ? [width, height]
      : viewBox
          .trim()
          .split(/[\s,]+/)
          .slice(2);
  const [across = 0, down = 0] = sides.map((side) => (/^\d*\.?\d+(?:px)?$/.test(side) ? Number.parseFloat(side) : 0));
  const ratio = across / down;
  return across > 0 && down > 0 && ratio >= 0.05 && ratio <= 20 ? ratio : undefined;
}

/** A name or value of a file, short and on one line. */
function shown(text: string): string {
  const line = text.replace(/[^ -~]/g, '?');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
