/** The few shapes that our plots have, as SVG 1.1 without scripts or links. Lengths are pixels. */
export function svg(width: number, height: number, title: string, shapes: readonly string[]): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    rect(0, 0, width, height, '#ffffff'),
    text(12, 22, title, { size: 15 }),
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

export function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${fill}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke = '#444444'): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${stroke}"/>`;
}

export function dot(x: number, y: number, fill: string): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${fill}"/>`;
}

/** @param anchor which part of the text is at `x`. */
export function text(
  x: number,
  y: number,
  words: string,
  { anchor = 'start', size = 12 }: { anchor?: 'start' | 'middle' | 'end'; size?: number } = {},
): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" font-size="${size}" fill="#222222">${escaped(words)}</text>`;
}

/** @throws Error when there is no such place: a plot would silently miss a figure. */
function at(length: number): string {
  if (!Number.isFinite(length)) throw new Error('a plot has a length that is no number');
  return String(Math.round(length * 10) / 10);
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
