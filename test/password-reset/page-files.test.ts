import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

/** Every byte that the server sends for a request of a browser, its headers too. */
function sentBytes(url: string, path: string, language = 'en'): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', reject).on('close', () => resolve(socket.bytesRead));
    const accepts = 'accept: text/html\r\naccept-encoding: gzip, deflate, br, zstd\r\n';
    socket
      .resume()
      .write(
        `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${accepts}accept-language: ${language}\r\nconnection: close\r\n\r\n`,
      );
  });
}

/** The answer to a request that is sent as it stands. */
function sentText(url: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    let text = '';
    socket
      .on('error', reject)
      .on('data', (part) => (text += part))
      .on('close', () => resolve(text));
    socket.write(request);
  });
}

/** What the HTML makes a browser load. */
function filesIn(html: string): string[] {
  const tags = html.match(/<(?:script|link|img|iframe|source)\b[^>]*>/g) ?? [];
  const targets = tags.flatMap((tag) => /\s(?:src|href)="([^"]+)"/.exec(tag)?.[1] ?? []);
  return targets.filter((target) => !target.startsWith('data:'));
}

describe('what the page is made of', () => {
  let latchkey: TestLatchkey;
  let html: string;
  let files: string[];
  beforeAll(async () => {
    latchkey = await startLatchkey({
      withoutWorker: true,
      env: { SIGN_IN_URL: 'https://app.example/sign-in', SUPPORT_URL: 'https://help.example/' },
    });
    html = await (await fetch(`${latchkey.url}/reset-password`)).text();
    files = filesIn(html).map((file) => new URL(file, `${latchkey.url}/`).pathname);
  });
  afterAll(() => latchkey.close());
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${latchkey.url}${path}`, { headers });

  it('weighs 12 kB at the most, headers included, in four requests at the most', async () => {
    const weights = await Promise.all(['/reset-password', ...files].map((path) => sentBytes(latchkey.url, path)));
    expect(weights.length).toBeGreaterThan(2);
    expect(weights.length).toBeLessThanOrEqual(4);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeLessThanOrEqual(12_000);
  });

  it('weighs no more in any other language', async () => {
    const weights = await Promise.all(files.map((path) => sentBytes(latchkey.url, path)));
    const ofFiles = weights.reduce((sum, weight) => sum + weight);
    for (const language of latchkey.services.mailTemplates.languages) {
      const weight = await sentBytes(latchkey.url, '/reset-password', language);
      expect(ofFiles + weight, language).toBeLessThanOrEqual(12_000);
    }
  });

  it('files are kept for ever under a name that their content gave them, and found at no other path', async () => {
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const { status, headers } = await get(file);
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect(headers.get('vary')).toMatch(/Accept-Encoding/);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect((await get(file.replace('/page-', '/page'))).status).toBe(404);
    }
  });

  it("a page of another version gets this one's files, which are not kept", async () => {
    for (const file of files) {
      const other = await get(file.replace(/page-.{12}/, 'page-x_-4567890ab'));
      expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(await other.text()).toBe(await (await get(file)).text());
    }
  });

  it('people who come by / or a wrong path find the ways on, in the look of the page', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const ways = ['http://localhost:4000/reset-password', 'https://app.example/sign-in', 'https://help.example/'];
    for (const [path, status] of [
      ['/', 200],
      ['/nothing', 404],
    ] as const) {
      const answer = await get(path, { accept });
      const text = await answer.text();
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, 'no-store']);
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'/);
      expect(
        ways.filter((way) => !text.includes(`href="${way}"`)),
        path,
      ).toEqual([]);
      expect(filesIn(text)).toEqual(files.filter((file) => file.endsWith('.css')));
      const forPrograms = await get(path);
      expect([forPrograms.status, await forPrograms.json()]).toMatchObject([404, { errors: [{}] }]);
    }
  });

  it('people read in their language that there is no page, or that a request cannot be read', async () => {
    const asked = { accept: 'text/html', 'accept-language': 'tlh, ar;q=0.5' };
    for (const [path, status, lang, title] of [
      ['/', 200, 'ar', 'العودة إلى حسابك'],
      ['/nothing', 404, 'ar', 'لا توجد صفحة هنا'],
      ['/nothing?lang=he', 404, 'he', 'אין כאן דף'],
      ['/nothing?lang=..%2F..%2Fetc', 404, 'ar', 'لا توجد صفحة هنا'],
      ['/%zz', 400, 'ar', 'لم يقبل الخادم الطلب.'],
    ] as const) {
      const answer = await get(path, asked);
      const text = await answer.text();
      expect([answer.status, text.match(/<html lang="(\w+)" dir="rtl">/)?.[1]], path).toEqual([status, lang]);
      expect(text).toContain(`<h1>${title}</h1>`);
      expect(text.replace(/<[^>]*>|Latchkey|[0-9a-f]{8}-[0-9a-f-]{27}/g, '')).not.toMatch(/[A-Za-z]/);
    }
    const broken = await sentText(
      latchkey.url,
      'GET / HTTP/1.1\r\naccept: text/html\r\naccept-language: ja\r\n: x\r\n\r\n',
    );
    expect(broken).toMatch(/^HTTP\/1\.1 400 [\s\S]*<html lang="ja" dir="ltr">[\s\S]*<h1>サーバーが/);
  });

  it('password managers are led to the page', async () => {
    const answer = await fetch(`${latchkey.url}/.well-known/change-password`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://localhost:4000/reset-password']);
  });

  // Shows: R-21
  it('the page is asked for each time, and kept only where its address names nobody', async () => {
    for (const target of ['/reset-password', '/reset-password?lang=pt-BR']) {
      const { headers } = await get(target);
      expect([headers.get('cache-control'), headers.get('vary')], target).toEqual([
        'no-cache',
        expect.stringMatching(/Accept-Language, Accept-Encoding/),
      ]);
      const again = await get(target, { 'if-none-match': headers.get('etag') ?? '' });
      expect([again.status, again.headers.get('cache-control')]).toEqual([304, 'no-cache']);
    }
    const key = `${'canary'.repeat(7)}A`;
    for (const end of [`?key=${key}`, '?email=alice@example.com', `?lang=${key}`, `%23key=${key}`, '/', '?']) {
      expect((await get(`/reset-password${end}`)).headers.get('cache-control'), end).toBe('no-store');
    }
  });
});
