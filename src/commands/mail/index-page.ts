import { escaped } from '../../http/page-for-people.js';

/** The page of a preview: a table of links, a language in each row and a mail in each column. */
export function indexPage(productName: string, languages: readonly string[], names: readonly string[]): string {
  const cell = (language: string, name: string) => {
    const link = (extension: string) => `<a href="${language}/${name}.${extension}">${extension}</a>`;
    return `<td>${['html', 'txt', 'eml'].map(link).join(' ')}</td>`;
  };
  const rows = languages.map(
    (language) => `<tr><th scope="row">${language}</th>${names.map((name) => cell(language, name)).join('')}</tr>`,
  );
  const title = `Mails of ${escaped(productName)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:1rem}td,th{padding:.25rem .75rem;text-align:start}</style></head>
<body><h1>${title}</h1>
<table><thead><tr><td></td>${names.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></body></html>
`;
}
