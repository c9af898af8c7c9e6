/** Elements of SVG 2 that draw, or say how others are drawn. None loads, links, runs or moves anything. */
export const shapes: ReadonlySet<string> = new Set(
  (
    'svg g defs path rect circle ellipse line polyline polygon ' + 'linearGradient radialGradient stop clipPath mask'
  ).split(' '),
);

/** Properties that may stand in `style` as well. */
export const presentation: ReadonlySet<string> = new Set(
  (
    'fill fill-opacity fill-rule stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin ' +
    'stroke-miterlimit stroke-opacity stroke-width color opacity clip-path clip-rule mask mask-type stop-color ' +
    'stop-opacity display visibility shape-rendering paint-order vector-effect transform'
  ).split(' '),
);

export const attributes: ReadonlySet<string> = new Set([
  ...presentation,
  ...(
    'id d points x y x1 y1 x2 y2 cx cy r rx ry fx fy fr width height viewBox preserveAspectRatio pathLength offset ' +
    'gradientTransform gradientUnits spreadMethod clipPathUnits maskUnits maskContentUnits href'
  ).split(' '),
]);

/** What editors write for themselves, for other programs or for readers; taken out without a word. */
const editors = /^(?:sodipodi|inkscape|rdf|cc|dc|sketch|serif|figma|svgjs|bx):[\w.-]+$/;
const quietElements: ReadonlySet<string> = new Set(['metadata', 'title', 'desc']);
const quietAttributes =
  /^(?:xmlns(?::[\w.-]+)?|xml:(?:space|lang)|class|version|baseProfile|lang|role|focusable|data-[\w.-]+|aria-[\w-]+|enable-background|isolation|overflow|zoomAndPan|(?:font|text|letter|word|line|image|color)-[\w-]+)$/;

export const isQuietElement = (name: string): boolean => quietElements.has(name) || editors.test(name);
export const isQuietAttribute = (name: string): boolean => quietAttributes.test(name) || editors.test(name);

/** The functions of colours and of `transform`. */
const plainFunction = /\b(?:rgba?|hsla?|matrix|translate|scale|rotate|skewX|skewY)\s*\(([^()]*)\)/g;
const partOfFile = /^#[\w.-]+$/;
const paint = /^url\(\s*(['"]?)#[\w.-]+\1\s*\)$/;

/** Whether a value is numbers, words, a colour, a transformation, or a reference into the same file. */
export function isPlainValue(attribute: string, value: string): boolean {
  if (attribute === 'href') return partOfFile.test(value);
  if (/^(?:fill|stroke|clip-path|mask)$/.test(attribute) && paint.test(value)) return true;
  return /^[-+#%.,\w\s]*$/.test(value.replace(plainFunction, '$1'));
}

/** The declarations of a `style` attribute. */
export function styleOf(style = ''): [property: string, value: string][] {
  return style
    .split(';')
    .filter((each) => each.trim() !== '')
    .map((each) => {
      const [property = '', ...value] = each.split(':');
      return [property.trim(), value.join(':').trim()];
    });
}

/** Whether a declaration that is left out would have done nothing but style: it loads nothing, and hides nothing. */
export function isHarmless(value: string): boolean {
  return !/url\s*\(|image|expression|script|import|[\\@<&]|\/\*/i.test(value);
}
