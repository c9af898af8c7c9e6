import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSettings } from '../../src/commands/check-settings.js';
import { pageLogo } from '../../src/settings/brand.js';
import { production, settingsWith } from '../settings/environments.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { folderOf, keptFolderOf, png } from './pictures.js';

const productName = `Acme <b>& "Söhne"`;
const drawing = '<path d="M0 0h8v4z" fill="#0b6e4f"></path>';
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4">${drawing}</svg>`;
const brand = {
  PRODUCT_NAME: productName,
  ACCENT_COLOR: '#0b6e4f',
  FOOTER_LINKS: 'Imprint & more https://acme.example/imprint?a=1&b=2',
};

describe('a branded page', () => {
  const folder = keptFolderOf({ 'logo.svg': svg, 'logo.png': png(32, 32) });
  let latchkey: TestLatchkey;
  let html: string;
  let plain: string;
  beforeAll(async () => {
    const env = { ...brand, LOGO_FILE: `${join(folder.path, 'logo.svg')},${join(folder.path, 'logo.png')}` };
    latchkey = await startLatchkey({ withoutWorker: true, env });
    html = await (await fetch(`${latchkey.url}/reset-password`)).text();
    plain = await (await fetch(`${latchkey.url}/nothing`, { headers: { accept: 'text/html' } })).text();
  });
  afterAll(async () => {
    await latchkey.close();
    folder.remove();
  });
  const get = (path: string) => fetch(`${latchkey.url}${path}`);
  const pathIn = (text: string, pattern: RegExp) => `/${pattern.exec(text)?.[1] ?? ''}`;

  it('shows the logo, named as the product, in the room that it will take, and the links below', async () => {
    const name = 'Acme &lt;b&gt;&amp; &#34;Söhne&#34;';
    for (const [page, root, escaped] of [
      [html, '', name],
      [plain, '/', 'Acme &#60;b&#62;&#38; &#34;Söhne&#34;'],
    ] as const) {
      const text = page.replace(/\s+/g, ' ').replaceAll('" >', '">');
      const image = `<img src="${root}reset-password/logo-[\\w-]{12}\\.svg" alt="${escaped}" width="80" height="40">`;
      expect(text).toMatch(new RegExp(image));
      expect(page).toMatch(
        /href="https:\/\/acme\.example\/imprint\?a=1&(?:amp|#38);b=2"><bdi>Imprint &(?:amp|#38); more<\/bdi>/,
      );
      expect(page).not.toContain('<b>');
    }
  });

  it('serves the logo for ever, as a picture that may do nothing', async () => {
    const path = pathIn(html, /src="(reset-password\/logo-[^"]+)"/);
    const answer = await get(path);
    expect([answer.status, await answer.text()]).toEqual([200, svg]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const other = await get(path.replace(/logo-.{12}/, 'logo-x_-4567890ab'));
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect((await get(path.replace('.svg', '.png'))).status).toBe(404);
  });

  it('has its colours in a style sheet of another name, and a letter for the tab where the logo is wide', async () => {
    const path = pathIn(html, /href="(reset-password\/page-[^"]+\.css)"/);
    const styles = await (await get(path)).text();
    expect(styles).toMatch(/:root\{--accent:#0b6e4f;.*\}@media \(prefers-color-scheme:dark\)\{:root\{--accent:#[^b]/);
    expect(html).toContain(`<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'`);
    expect(html).toContain(`fill='%230b6e4f'`);
  });
});

it('a PNG is the logo of the page where there is no SVG, and of the tab where it is square', async () => {
  const folder = keptFolderOf({ 'logo.png': png(64, 64) });
  const env = { LOGO_FILE: join(folder.path, 'logo.png') };
  const latchkey = await startLatchkey({ withoutWorker: true, env });
  const html = await (await fetch(`${latchkey.url}/reset-password`)).text();
  const path = /<link rel="icon" href="(reset-password\/logo-[\w-]{12}\.png)">/.exec(html)?.[1] ?? '';
  expect(html.replace(/\s+/g, ' ')).toContain(`<img src="${path}" alt="Latchkey" width="40" height="40" >`);
  const answer = await fetch(`${latchkey.url}/${path}`);
  expect([answer.headers.get('content-type'), Buffer.from(await answer.arrayBuffer())]).toEqual([
    'image/png',
    png(64, 64),
  ]);
  await latchkey.close();
  folder.remove();
});

it('an SVG that holds a script is a fault of the setting, at start and in the check', async () => {
  const folder = folderOf({ 'logo.svg': svg.replace('<path', '<script>alert(1)</script><path') });
  const change = { LOGO_FILE: join(folder, 'logo.svg') };
  await expect(pageLogo(settingsWith(change).brand)).rejects.toThrow(
    /LOGO_FILE: .*logo\.svg: holds <script>; allowed:/,
  );
  const told: string[] = [];
  expect(await checkSettings({ ...production, ...change }, ['api'], (line) => told.push(line))).toBe(false);
  expect(told).toEqual([expect.stringMatching(/^fault {4}LOGO_FILE: .*holds <script>/)]);
});
