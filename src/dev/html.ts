/** Markup that is safe to put into a page. */
export class Html {
  constructor(readonly markup: string) {}
}

type Part = string | Html | readonly Html[];

/** Template tag: escapes strings, for text and for quoted attributes; inserts `Html` unchanged. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: literals }, ...parts.map(markupOf)));
}

/** Escapes the text and makes its web addresses links. */
export function linked(text: string): Html {
  const pieces = text.split(/(https?:\/\/[^\s<>"]+)/);
  return new Html(
    pieces
      .map((piece, index) =>
        index % 2 === 0
          ? html`${piece}`
          : html`<a href="${piece}" target="_blank" rel="noopener noreferrer">${piece}</a>`,
      )
      .map(({ markup }) => markup)
      .join(''),
  );
}

function markupOf(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (typeof part !== 'string') return part.map(({ markup }) => markup).join('');
  return part.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The style sheet of the pages for developers. */
const style = new Html(`
:root{color-scheme:light dark;--line:#d8dbe0;--quiet:#5d6470;--page:#fff;--ink:#1c1f24;--link:#0b57d0}
@media (prefers-color-scheme:dark){:root{--line:#3a3f47;--quiet:#a0a7b3;--page:#16181c;--ink:#e6e8eb;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:52rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}
a{color:var(--link)}
ul{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
li a{display:grid;grid-template-columns:1fr auto;gap:0 1rem;padding:.6rem .2rem;border-bottom:1px solid var(--line);
color:inherit;text-decoration:none;overflow-wrap:anywhere}
li a:hover strong{text-decoration:underline}
li strong{grid-column:1/-1}
li span,time,.quiet,dt,summary{color:var(--quiet)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0 0 1rem}
dd{margin:0;min-width:0;overflow-wrap:anywhere}
iframe{width:100%;height:34rem;border:1px solid var(--line);background:#fff;color-scheme:light}
details{border-top:1px solid var(--line);padding:.6rem 0}
summary{cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
@media (max-width:36rem){dl,li a{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
`);

/** The policy under which these pages are sent: no script, nothing from elsewhere. */
export const pagePolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A page for developers. @param head further elements of its head. */
export function page(title: string, content: Html, head: Html = html``): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
${head}<title>${title}</title><style>${style}</style></head><body><main>${content}</main></body></html>
`;
}
