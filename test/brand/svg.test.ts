import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { safeSvg } from '../../src/brand/svg.js';

const safe = (svg: string | Buffer) => safeSvg({ file: 'logo.svg', bytes: Buffer.from(svg as string) });
const inside = (content: string, more = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 8 4" ${more}>${content}<path d="M0 0h8"/></svg>`;
const kept = (content: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4">${content}</svg>`;

describe('an SVG logo', () => {
  it('is left with its shapes and colours', async () => {
    const drawing =
      '<defs><linearGradient id="a" x1="0" gradientTransform="rotate(45)"><stop offset="1" stop-color="#0b6e4f"></stop></linearGradient>' +
      '<clipPath id="b"><rect width="8" height="4"></rect></clipPath></defs>' +
      '<g clip-path="url(#b)" transform="translate(1.5,-2) scale(.5)"><path d="M0,0 h8 v-4e-1z" fill="url(#a)" stroke="rgb(1, 2, 3)"></path></g>';
    expect(await safe(kept(drawing))).toEqual({ svg: kept(drawing), ratio: 2 });
  });

  it('loses what editors leave behind, and its size; styles become attributes', async () => {
    const file = `\uFEFF<?xml version="1.0" encoding="UTF-8" standalone="no"?>
      <!-- Created with Inkscape --><svg width="80px" height="40" xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
      xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" version="1.1" inkscape:version="1.4">
      <title>Acme &amp; Co.</title><metadata><rdf:RDF><cc:Work rdf:about=""/></rdf:RDF></metadata>
      <sodipodi:namedview pagecolor="#ffffff"/>
      <g inkscape:label="Layer 1" class="x" data-name="y" fill=""><path style="fill:#0b6e4f;font-family:'Noto Sans';stroke-width:2px" d="M0 0h8"/></g></svg>`;
    const { svg, ratio } = await safe(file);
    expect(ratio).toBe(2);
    expect(svg.replace(/\s*\n\s*/g, '')).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40"><g><path d="M0 0h8" fill="#0b6e4f" stroke-width="2px"></path></g></svg>',
    );
    expect((await safe(svg)).svg).toBe(svg);
  });

  it.each([
    ['a script', inside('<script>alert(1)</script>'), '<script>'],
    ['a script with a prefix', inside('<s:script xmlns:s="http://www.w3.org/2000/svg">x</s:script>'), '<s:script>'],
    ['a script in capitals', inside('<SCRIPT>alert(1)</SCRIPT>'), '<SCRIPT>'],
    ['a script in metadata', inside('<metadata><script>alert(1)</script></metadata>'), '<script>'],
    ['a script that is never closed', inside('<script>'), '<script>'],
    ['a script in two halves', inside('<scr<!-- x -->ipt>alert(1)</script>'), '<script>'],
    ['a handler', inside('', 'onload="alert(1)"'), 'the attribute onload of <svg>'],
    ['a handler in capitals', inside('<g ONCLICK="alert(1)"/>'), 'the attribute ONCLICK of <g>'],
    [
      'a handler in metadata',
      inside('<metadata><path onclick="x" d="M0 0"/></metadata>'),
      '<path> in <metadata>, the attribute onclick of <path>',
    ],
    ['a foreign object', inside('<foreignObject><iframe src="x"/></foreignObject>'), '<foreignObject>, <iframe>'],
    ['a use of another file', inside('<use href="https://evil.example/x.svg#a"/>'), '<use>'],
    ['a use of itself', inside('<use xlink:href="#a"/>'), '<use>'],
    ['an image', inside('<image href="data:image/svg+xml;base64,PHN2Zz4="/>'), '<image>'],
    [
      'a filter with an image',
      inside('<filter id="a"><feImage href="https://evil.example/"/></filter>'),
      '<filter>, <feImage>',
    ],
    ['a link', inside('<a href="https://evil.example/"><path d="M0 0"/></a>'), '<a>'],
    ['a style sheet', inside('<style>@import url(https://evil.example/);</style>'), '<style>'],
    ['text', inside('<text>Acme</text>'), '<text>'],
    ['an animation of a link', inside('<animate attributeName="href" to="javascript:alert(1)"/>'), '<animate>'],
    ['a set', inside('<set attributeName="onload" to="alert(1)"/>'), '<set>'],
    ['an SVG in itself', inside('<svg onload="x"/>'), '<svg> below the top, the attribute onload of <svg>'],
    ['another page', '<html><svg viewBox="0 0 1 1"><path d="M0 0"/></svg></html>', '<html>, <svg> below the top'],
    ['a gradient of another file', inside('<linearGradient xlink:href="https://evil.example/#a"/>'), 'xlink:href='],
    ['a gradient that runs', inside('<linearGradient href="java&#9;script:alert(1)"/>'), 'href="java?script:alert(1)"'],
    ['a link of a shape', inside('<path href="#a" d="M0 0"/>'), 'the attribute href of <path>'],
    ['a colour of another file', inside('<path fill="url(https://evil.example/#a)" d="M0 0"/>'), 'fill='],
    ['a colour of a file beside it', inside('<path fill="url(evil)" d="M0 0"/>'), 'fill='],
    ['a colour of data', inside('<path fill="url(&quot;data:image/svg+xml,x&quot;)" d="M0 0"/>'), 'fill='],
    ['a colour by entities', inside('<path fill="url&#40;//evil.example&#41;" d="M0 0"/>'), 'fill='],
    ['a colour by escapes', inside('<path fill="u\\72l(//evil.example)" d="M0 0"/>'), 'fill='],
    ['a colour by a variable', inside('<path fill="var(--x)" d="M0 0"/>'), 'fill='],
    ['a style that loads', inside('<path style="background:url(//evil.example)" d="M0 0"/>'), 'style="background:url'],
    ['a style that paints', inside('<path style="fill:url(//evil.example)" d="M0 0"/>'), 'style="fill:url'],
    ['a style that runs', inside('<path style="width:expression(alert(1))" d="M0 0"/>'), 'style="width:expr'],
    ['a style with escapes', inside('<path style="background:u\\72l(//evil.example)" d="M0 0"/>'), 'style='],
    ['a style that imports', inside('<path style="@import &quot;//evil.example&quot;" d="M0 0"/>'), 'style='],
    ['a base', inside('<g xml:base="https://evil.example/"/>'), 'the attribute xml:base of <g>'],
    ['a mask in a mask', inside('<mask id="a"><g mask="url(#b)"/></mask>'), 'a mask in another'],
    [
      'a clip path in a style in one',
      inside('<clipPath id="a"><g style="clip-path:url(#b)"/></clipPath>'),
      'a mask in another',
    ],
    ['a second picture behind it', kept('<path d="M0 0"/>').repeat(2), 'a second <svg>'],
    ['a thousand groups in each other', inside('<g>'.repeat(1_000)), 'more than 32 elements in one another'],
  ])('with %s is refused', async (_, svg, what) => {
    await expect(safe(svg)).rejects.toThrow(`logo.svg: holds ${what}`);
  });

  it.each([
    ['an external entity', `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${inside('<g id="&x;"/>')}`],
    ['a billion laughs', `<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${inside('')}`],
    ['a harmless DOCTYPE', `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">${inside('')}`],
    ['CDATA', inside('<![CDATA[<script>alert(1)</script>]]>')],
    ['a style sheet beside it', `<?xml-stylesheet href="https://evil.example/"?>${inside('')}`],
    ['a comment without an end', inside('<!-- ')],
  ])('with %s is refused', async (_, svg) => {
    await expect(safe(svg)).rejects.toThrow('logo.svg: holds a DOCTYPE, an entity, CDATA or a processing instruction');
  });

  it.each([
    ['UTF-16', Buffer.from(`\uFEFF${inside('')}`, 'utf16le'), 'is no text in UTF-8'],
    ['another encoding by name', `<?xml version="1.0" encoding="UTF-7"?>${inside('')}`, 'says that it is in UTF-7'],
    ['gzip', gzipSync(inside('')), 'is no text in UTF-8'],
    ['a NUL', inside('<g id="a\0b"/>'), 'holds control characters'],
  ])('in %s is refused', async (_, svg, fault) => {
    await expect(safe(svg)).rejects.toThrow(`logo.svg: ${fault}`);
  });

  it.each([
    ['no shape', '<svg viewBox="0 0 1 1"><g/></svg>', 'shows nothing'],
    ['no markup', 'Acme', 'shows nothing'],
    ['no size', '<svg><path d="M0 0"/></svg>', 'has no viewBox'],
    ['no height', '<svg viewBox="0 0 8 0"><path d="M0 0"/></svg>', 'has no viewBox'],
    ['a size in per cent', '<svg width="100%" height="100%"><path d="M0 0"/></svg>', 'has no viewBox'],
    ['a line for a picture', '<svg viewBox="0 0 900 1"><path d="M0 0"/></svg>', 'has no viewBox'],
  ])('with %s is refused', async (_, svg, fault) => {
    await expect(safe(svg)).rejects.toThrow(`logo.svg: ${fault}`);
  });
});
