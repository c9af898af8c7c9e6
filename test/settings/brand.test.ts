import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunk, folderOf, png } from '../brand/pictures.js';
import { faultsOf, settingsWith } from './environments.js';

const logo = png(64, 32);

describe('LOGO_FILE', () => {
  it('is an SVG file, a PNG file, or one of each', () => {
    const folder = folderOf({ 'logo.png': logo, 'LOGO.SVG': '<svg/>' });
    const [svg, raster] = [join(folder, 'LOGO.SVG'), join(folder, 'logo.png')];
    expect(settingsWith({ LOGO_FILE: raster }).brand.logo).toEqual({
      svg: undefined,
      png: { bytes: logo, width: 64, height: 32 },
    });
    expect(settingsWith({ LOGO_FILE: ` ${svg} , ${raster} ` }).brand.logo).toMatchObject({
      svg: { file: svg, bytes: Buffer.from('<svg/>') },
      png: { width: 64 },
    });
    expect(settingsWith().brand.logo).toBeUndefined();
  });

  it.each([
    ['a file that is not there', 'nothing.png', /nothing\.png: cannot be read \(ENOENT\)/],
    ['a folder', 'folder.png', /folder\.png: is no file/],
    ['a pipe', 'pipe.svg', /pipe\.svg: is no file/],
    ['an empty file', 'empty.svg', /empty\.svg: is empty/],
    ['a PNG above its size', 'large.png', /large\.png: is \d+ bytes; allowed: 32768 at most/],
    ['an SVG above its size', 'large.svg', /large\.svg: is 32769 bytes; allowed: 32768 at most/],
    ['a JPEG with the name of a PNG', 'photo.png', /photo\.png: is no PNG image/],
    ['a PNG that is cut off', 'cut.png', /cut\.png: is a PNG image that is damaged or cut off/],
    ['a PNG with a bit turned', 'turned.png', /turned\.png: is a PNG image that is damaged/],
    ['a PNG without pixels', 'hollow.png', /hollow\.png: is a PNG image that is damaged/],
    ['a PNG with a page behind it', 'longer.png', /longer\.png: holds 14 bytes after the end/],
    ['a PNG that unfolds', 'wide.png', /wide\.png: is 100000 × 2 pixels; allowed: 1024 a side at most/],
    ['another kind', 'logo.gif', /^was .*; allowed: the path of an \.svg file/],
  ])('refuses %s', (_, name, fault) => {
    const turned = Buffer.from(logo);
    turned.writeUInt8(turned.readUInt8(50) ^ 1, 50);
    const folder = folderOf({
      ...{ 'empty.svg': '', 'large.svg': 'x'.repeat(32_769), 'photo.png': Buffer.from('ffd8ffe000104a464946', 'hex') },
      ...{ 'large.png': png(8, 8, undefined, chunk('tEXt', Buffer.alloc(33_000))), 'cut.png': logo.subarray(0, 60) },
      ...{ 'turned.png': turned, 'hollow.png': Buffer.concat([logo.subarray(0, 33), logo.subarray(-12)]) },
      ...{ 'longer.png': Buffer.concat([logo, Buffer.from('<html><script>')]), 'wide.png': png(100_000, 2) },
      ...{ 'logo.gif': 'GIF89a' },
    });
    execFileSync('mkdir', [join(folder, 'folder.png')]);
    execFileSync('mkfifo', [join(folder, 'pipe.svg')]);
    expect(faultsOf({ LOGO_FILE: join(folder, name) }).LOGO_FILE).toMatch(fault);
  });

  it('refuses two of one kind', () => {
    expect(faultsOf({ LOGO_FILE: 'a.png,b.png' }).LOGO_FILE).toMatch(/^was "a\.png,b\.png"; allowed/);
  });
});

describe('ACCENT_COLOR', () => {
  it('is refused with the nearest that passes, which is then taken', () => {
    const nearest = (name: 'ACCENT_COLOR' | 'ACCENT_COLOR_DARK', value: string) => {
      const fault = faultsOf({ [name]: value })[name] ?? '';
      expect(fault).toMatch(/^was "#[0-9a-f]{6}"; its contrast/);
      const [colour = ''] = /#[0-9a-f]{6}$/.exec(fault) ?? [];
      expect(faultsOf({ [name]: colour })).toEqual({});
      return colour;
    };
    expect(nearest('ACCENT_COLOR', '#ffcc00')).not.toBe(nearest('ACCENT_COLOR_DARK', '#333333'));
  });

  it('of dark surroundings is made of the other, unless it is given', () => {
    expect(settingsWith().brand.accent).toEqual({ light: undefined, dark: undefined });
    const { light, dark } = settingsWith({ ACCENT_COLOR: '#0b6e4f' }).brand.accent;
    expect(light?.accent).toBe('#0b6e4f');
    expect(dark?.accent).toMatch(/^#(?!0b6e4f)[0-9a-f]{6}$/);
    const given = settingsWith({ ACCENT_COLOR: '#0b6e4f', ACCENT_COLOR_DARK: '#ffcc00' }).brand.accent;
    expect(given.dark?.accent).toBe('#ffcc00');
  });
});

describe('FOOTER_LINKS', () => {
  it('are a text and an https URL each', () => {
    const FOOTER_LINKS = 'Imprint https://acme.example/imprint,  Datenschutz & Co.  https://acme.example/d?a=1%2C2#top';
    expect(settingsWith({ FOOTER_LINKS }).brand.footerLinks).toEqual([
      { text: 'Imprint', url: 'https://acme.example/imprint' },
      { text: 'Datenschutz & Co.', url: 'https://acme.example/d?a=1%2C2#top' },
    ]);
    expect(settingsWith().brand.footerLinks).toEqual([]);
  });

  it.each([
    ['Imprint', /place 1 has no https URL/],
    ['https://acme.example/', /place 1 has no text/],
    ['Imprint http://acme.example/', /place 1 has no https URL/],
    ['A https://acme.example/, B javascript:alert(1)', /place 2 has no https URL/],
    ['A https://acme.example/,', /place 2 has no https URL/],
    ['A https://user:pw@acme.example/', /place 1 holds a user name/],
    [`${'x'.repeat(41)} https://acme.example/`, /place 1 has a text of more than 40/],
    ['A\u202Eb https://acme.example/', /place 1 has a text with control characters/],
    ['\u200D https://acme.example/', /place 1 has a text with control characters/],
    [Array(6).fill('A https://acme.example/').join(','), /there are 6 of them; 5 at most/],
  ])('refuses %s', (FOOTER_LINKS, fault) => {
    expect(faultsOf({ FOOTER_LINKS }).FOOTER_LINKS).toMatch(fault);
  });
});

it('MAIL_REPLY_TO is an address, and a name if you like', () => {
  const replyTo = { name: 'Acme', address: 'help@acme.example' };
  expect(settingsWith({ MAIL_REPLY_TO: 'Acme <help@acme.example>' }).mail.replyTo).toEqual(replyTo);
  expect(settingsWith().mail.replyTo).toBeUndefined();
  for (const wrong of ['nobody', 'a@b.example\r\nBcc: c@d.example', 'a@b.example, c@d.example']) {
    expect(faultsOf({ MAIL_REPLY_TO: wrong }).MAIL_REPLY_TO).toMatch(/allowed: an address/);
  }
});

describe('PRODUCT_NAME', () => {
  it.each(['<b>Acme</b> & "Söhne"', 'می\u200Cخواهم', '👩\u200D🚀 Rockets', 'क्\u200Dष'])('may be %s', (PRODUCT_NAME) => {
    expect(settingsWith({ PRODUCT_NAME }).mail.productName).toBe(PRODUCT_NAME);
  });

  it.each([
    ['x'.repeat(200)],
    ['Acme\u202E'],
    ['\u200D'],
    ['Ac\u200Bme'],
    ['1\u200D2 '.repeat(2).concat('-\u200D')],
    ['Acme\nBcc: x'],
  ])('may not be %j', (PRODUCT_NAME) => {
    expect(faultsOf({ PRODUCT_NAME }).PRODUCT_NAME).toMatch(/allowed: 1 to 64 characters/);
  });
});
