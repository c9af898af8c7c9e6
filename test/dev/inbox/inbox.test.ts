import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Inbox, type InboxOptions } from '../../../src/dev/inbox/inbox.js';
import { inboxPages } from '../../../src/dev/inbox/pages.js';
import { temporaryFolder } from '../helpers.js';

async function start(options?: InboxOptions): Promise<Inbox> {
  const inbox = await Inbox.start(options);
  onTestFinished(() => inbox.stop());
  return inbox;
}

async function send(inbox: Inbox, mail: SendMailOptions = {}): Promise<void> {
  const transport = createTransport(inbox.smtpUrl);
  const standard = { from: 'Latchkey <no-reply@example.org>', to: 'ada@example.com', subject: 'Hello', text: 'Hi' };
  await transport.sendMail({ ...standard, ...mail });
  transport.close();
}

describe('inbox', () => {
  it('shows the pictures that came with a mail', async () => {
    const inbox = await start();
    const picture = { filename: 'logo.png', content: Buffer.from('picture'), cid: 'logo@mail.invalid' };
    await send(inbox, { html: '<img src="cid:logo@mail.invalid"><img src="cid:other">', attachments: [picture] });
    const { html } = await inbox.waitFor(() => true);
    expect(html).toContain('<img src="data:image/png;base64,cGljdHVyZQ=="><img src="cid:other">');
  });

  it('receives mail over SMTP and decodes it', async () => {
    const inbox = await start();
    const waiting = inbox.waitFor(({ subject }) => subject.startsWith('Grüße'));
    await send(inbox, { subject: 'other' });
    await send(inbox, {
      subject: 'Grüße an Zoë',
      to: 'Ada Lovelace <ada@example.com>, bob@example.com',
      text: 'Schöne Zeile',
      html: '<p>Schöne Zeile</p>',
      headers: { 'Auto-Submitted': 'auto-generated' },
      messageId: '<one@example.org>',
    });
    const mail = await waiting;
    expect(mail).toMatchObject({
      from: 'Latchkey <no-reply@example.org>',
      to: 'Ada Lovelace <ada@example.com>, bob@example.com',
      html: expect.stringContaining('<p>Schöne Zeile</p>'),
      envelope: { from: 'no-reply@example.org', to: ['ada@example.com', 'bob@example.com'] },
      messageId: '<one@example.org>',
    });
    expect(mail.text.trim()).toBe('Schöne Zeile');
    expect(mail.headers).toContainEqual({ key: 'auto-submitted', value: 'auto-generated' });
    expect(mail.raw.toString()).toMatch(/^Content-Type:/im);
    expect(inbox.mails().map(({ subject }) => subject)).toEqual(['other', 'Grüße an Zoë']);
    expect(inbox.find(mail.id)).toBe(mail);
    expect(await inbox.waitFor(({ subject }) => subject === 'other', 1)).toBe(inbox.mails()[0]);
    inbox.clear();
    expect(inbox.mails()).toEqual([]);
  });

  it('gives up waiting, and names what was there', async () => {
    const inbox = await start();
    await send(inbox);
    await expect(inbox.waitFor(() => false, 30)).rejects.toThrow(
      'No such mail within 30 ms; there were 1: "Hello" to ada@',
    );
    const waiting = expect(inbox.waitFor(() => false)).rejects.toThrow('stopped');
    await inbox.stop();
    await inbox.stop();
    await waiting;
  });

  it('refuses mail over 1 MiB and goes on', async () => {
    const inbox = await start();
    const text = 'x'.repeat(70).concat('\n').repeat(16_000);
    await expect(send(inbox, { text })).rejects.toMatchObject({ responseCode: 552 });
    await send(inbox);
    expect(inbox.mails()).toHaveLength(1);
  });

  it('outlives clients that break off', async () => {
    const inbox = await start();
    for (const said of [
      'EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSubject: half',
      'EHLO x\r\n',
      '\0\0\r\n',
    ]) {
      const socket = connect(Number(new URL(inbox.smtpUrl).port), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'data');
      socket.write(said);
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
    await send(inbox);
    expect(inbox.mails().map(({ subject }) => subject)).toEqual(['Hello']);
  });

  it('says so when its port is taken', async () => {
    const port = Number(new URL((await start()).smtpUrl).port);
    await expect(Inbox.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('keeps the newest mails in a folder between runs', async () => {
    const folder = join(await temporaryFolder(), 'mails');
    const first = await start({ folder, keep: 2 });
    for (const subject of ['one', 'two', 'three']) await send(first, { subject });
    expect(first.mails().map(({ subject }) => subject)).toEqual(['two', 'three']);
    const kept = first.mails().map((mail) => ({ ...mail }));
    await first.stop();
    expect((await readdir(folder)).map((name) => name.split('.')[1]).sort()).toEqual(['eml', 'eml', 'json', 'json']);

    const second = await start({ folder, keep: 2 });
    expect(second.mails()).toEqual(kept);
    await send(second, { subject: 'four' });
    expect(second.mails().map(({ subject }) => subject)).toEqual(['three', 'four']);
    second.clear();
    await second.stop();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('inbox pages', () => {
  const attack = `<script>alert(1)</script>"'&`;

  async function pages(): Promise<{ app: FastifyInstance; inbox: Inbox; id: string }> {
    const inbox = await start();
    const app = Fastify();
    onTestFinished(() => app.close());
    await app.register(inboxPages(inbox));
    await send(inbox, {
      subject: `S ${attack}`,
      from: { name: `F ${attack}`, address: 'no-reply@example.org' },
      to: { name: `T ${attack}`, address: 'ada@example.com' },
      text: `${attack} https://example.org/reset?a=1&b=2#key=x`,
      html: `<!doctype html><html><head><title>x</title></head><body><a href="https://example.org">go</a></body></html>`,
    });
    return { app, inbox, id: inbox.mails()[0]?.id ?? '' };
  }

  it('escape whatever a mail says, in the list and in the mail', async () => {
    const { app, id } = await pages();
    for (const url of ['/inbox', `/inbox/${id}`]) {
      const { statusCode, body, headers } = await app.inject(url);
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(body).not.toContain('<script');
      expect(body).toContain('S &#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;');
      expect(body.includes('http-equiv="refresh" content="3"')).toBe(url === '/inbox');
    }
    const { body } = await app.inject(`/inbox/${id}`);
    expect(body).toContain('href="https://example.org/reset?a=1&#38;b=2#key=x"');
    expect(body).toMatch(
      /<iframe src="\/inbox\/[^"]+\/html"[^>]*\ssandbox="allow-popups allow-popups-to-escape-sandbox"/,
    );
  });

  it('forbid scripts and caching on every answer', async () => {
    const { app, id } = await pages();
    for (const url of [
      '/inbox',
      `/inbox/${id}`,
      `/inbox/${id}/html`,
      `/inbox/${id}/raw`,
      '/inbox.json',
      '/inbox/none',
    ]) {
      const { headers } = await app.inject(url);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining("default-src 'none'; style-src 'unsafe-inline'"),
      });
      expect(headers['content-security-policy']).not.toContain('script-src');
      expect(headers['content-security-policy']).toContain(
        `frame-ancestors '${url.endsWith('/html') ? 'self' : 'none'}'`,
      );
    }
  });

  it('show the HTML part alone, sandboxed, with links that open in a new tab', async () => {
    const { app, id } = await pages();
    const { body, headers } = await app.inject(`/inbox/${id}/html`);
    expect(body).toContain('<head><base target="_blank"><title>');
    expect(headers['content-security-policy']).toMatch(
      /^sandbox allow-popups allow-popups-to-escape-sandbox; default-src/,
    );
    expect(headers['content-security-policy']).toContain('img-src data:');
  });

  it('give the source as plain text and the list as JSON, newest first', async () => {
    const { app, inbox, id } = await pages();
    const raw = await app.inject(`/inbox/${id}/raw`);
    expect(raw.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(raw.rawPayload).toEqual(inbox.find(id)?.raw);
    await send(inbox, { subject: 'newer' });
    const list = (await app.inject('/inbox.json')).json();
    expect(list).toHaveLength(2);
    expect(Object.keys(list[0])).toEqual(['id', 'receivedAt', 'subject', 'from', 'to', 'text']);
    expect(list[0].subject).toBe('newer');
    expect(list[1].text).toContain('#key=x');
  });

  it.each<[string, object]>([
    ['from another machine', { remoteAddress: '192.168.1.20' }],
    ['from the network of containers', { remoteAddress: '::ffff:172.17.0.1' }],
    ['by the name of a stranger, made to lead here', { headers: { host: 'rebind.evil.example' } }],
    ['by a name that begins like ours', { headers: { host: 'localhost.evil.example:4000' } }],
    ['by the address that listens on all', { headers: { host: '0.0.0.0:4000' } }],
    ['through a proxy', { headers: { host: 'localhost:4000', 'x-forwarded-for': '203.0.113.7' } }],
    ['through a tunnel', { headers: { host: 'localhost', 'x-forwarded-host': 'x.ngrok.example' } }],
    ['through a proxy that says so only', { headers: { host: 'localhost', via: '1.1 proxy' } }],
    ['through one that knows RFC 7239', { headers: { host: 'localhost', forwarded: 'for=203.0.113.7' } }],
  ])('show nothing to who asks %s', async (_name, how) => {
    const { app, id } = await pages();
    for (const url of ['/inbox', '/inbox.json', `/inbox/${id}`, `/inbox/${id}/html`, `/inbox/${id}/raw`]) {
      const { statusCode, body } = await app.inject({ url, ...how });
      expect(statusCode, url).toBe(403);
      expect(body).toContain('Only on this machine');
      expect(body).not.toMatch(/ada@|#key=/);
    }
  });

  it.each([
    ['localhost:4000', '127.0.0.1'],
    ['LocalHost', '::1'],
    ['127.0.0.1:4000', '::ffff:127.0.0.1'],
    ['[::1]:4000', '::1'],
    ['latchkey.localhost:4000', '127.0.0.1'],
  ])('are shown at this machine as %s', async (host, remoteAddress) => {
    const { app } = await pages();
    expect((await app.inject({ url: '/inbox.json', headers: { host }, remoteAddress })).json()).toHaveLength(1);
  });

  it('answer 404 with a page for an unknown mail', async () => {
    const { app } = await pages();
    for (const url of ['/inbox/none', '/inbox/none/html', '/inbox/none/raw']) {
      const { statusCode, body } = await app.inject(url);
      expect(statusCode).toBe(404);
      expect(body).toContain('<h1>No such mail</h1>');
    }
  });
});
