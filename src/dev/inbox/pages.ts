import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Html, html, linked, page, pagePolicy } from '../html.js';
import type { Inbox, InboxMail } from './inbox.js';
import { isAtThisMachine } from './visitor.js';

/** For the HTML of a mail: it loads nothing and runs no script; its links open in new tabs. */
const mailPolicy = [
  'sandbox allow-popups allow-popups-to-escape-sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** Adds pages at `/inbox`, and `/inbox.json` for scripts, to read an inbox. They are shown on this machine only. */
export function inboxPages(inbox: Inbox): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    // Pages of other ports of this machine may call `/graphql`, but not read mails.
    app.addHook('onRoute', (route) => {
      route.config = { ...route.config, cors: false };
    });
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({
        'cache-control': 'no-store',
        'content-security-policy': pagePolicy,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
      return isAtThisMachine(request.raw) ? undefined : sendPage(reply.code(403), elsewhere);
    });
    const found = (id: string, reply: FastifyReply, answer: (mail: InboxMail) => unknown) => {
      const mail = inbox.find(id);
      return mail ? answer(mail) : sendPage(reply.code(404), unknownMail);
    };

    app.get('/inbox', (_request, reply) => sendPage(reply, listPage(inbox.mails())));
    app.get('/inbox.json', (_request, reply) => reply.send(inbox.mails().toReversed().map(summary)));
    app.get<{ Params: { id: string } }>('/inbox/:id', (request, reply) =>
      found(request.params.id, reply, (mail) => sendPage(reply, mailPage(mail))),
    );
    app.get<{ Params: { id: string } }>('/inbox/:id/html', (request, reply) =>
      found(request.params.id, reply, (mail) =>
        reply.header('content-security-policy', mailPolicy).type('text/html; charset=utf-8').send(inNewTabs(mail.html)),
      ),
    );
    app.get<{ Params: { id: string } }>('/inbox/:id/raw', (request, reply) =>
      found(request.params.id, reply, (mail) => reply.type('text/plain; charset=utf-8').send(mail.raw)),
    );
  };
}

function sendPage(reply: FastifyReply, page: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page.markup);
}

function summary({ id, receivedAt, subject, from, to, text }: InboxMail) {
  return { id, receivedAt, subject, from, to, text };
}

/** Makes the links of a mail open in new tabs, because they must not open inside the frame. */
function inNewTabs(mail: string): string {
  const base = '<base target="_blank">';
  const start = /<head(?:\s[^>]*)?>/i.exec(mail) ?? /^\s*<!doctype[^>]*>/i.exec(mail);
  const end = start ? start.index + start[0].length : 0;
  return mail.slice(0, end) + base + mail.slice(end);
}

function listPage(mails: readonly InboxMail[]): Html {
  const items = mails.toReversed().map(
    (mail) => html`<li><a href="/inbox/${mail.id}"><strong>${mail.subject || '(no subject)'}</strong>
      <span>${mail.to || mail.envelope.to.join(', ')}</span>${time(mail.receivedAt)}</a></li>`,
  );
  return page(
    'Inbox',
    html`<h1>Inbox</h1>
    ${mails.length === 0 ? html`<p class="quiet">No mail yet. This page looks for new mail every 3 seconds.</p>` : ''}
    <ul>${items}</ul>`,
    html`<meta http-equiv="refresh" content="3">`,
  );
}

function mailPage(mail: InboxMail): Html {
  const fields = [
    ['From', mail.from || mail.envelope.from],
    ['To', mail.to || mail.envelope.to.join(', ')],
  ] as const;
  return page(
    mail.subject || '(no subject)',
    html`<p><a href="/inbox">Inbox</a></p>
    <h1>${mail.subject || '(no subject)'}</h1>
    <dl>${fields.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}<dt>Received</dt>
      <dd>${time(mail.receivedAt)}</dd></dl>
    ${mail.html ? frame(mail) : ''}
    <details ${mail.html ? '' : 'open'}><summary>Text</summary><pre>${linked(mail.text)}</pre></details>
    <details><summary>Headers</summary>
      <dl>${mail.headers.map(({ key, value }) => html`<dt>${key}</dt><dd>${value}</dd>`)}</dl></details>
    <details><summary>Source</summary><p><a href="/inbox/${mail.id}/raw">Alone</a></p>
      <pre>${mail.raw.toString('utf8')}</pre></details>`,
  );
}

function frame({ id }: InboxMail): Html {
  return html`<iframe src="/inbox/${id}/html" title="HTML part of the mail"
    sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>`;
}

function time(date: Date): Html {
  const text = date.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

const unknownMail = page(
  'No such mail',
  html`<p><a href="/inbox">Inbox</a></p><h1>No such mail</h1>
  <p class="quiet">It may have been dropped: only the newest mails are kept.</p>`,
);

const elsewhere = page(
  'Only on this machine',
  html`<h1>Only on this machine</h1>
  <p>These mails contain links that open accounts, so they are shown only over a connection from the machine that runs Latchkey,
    at <code>http://localhost:…/inbox</code>, and not through a proxy or a tunnel. From elsewhere:
    <code>ssh -L 4000:localhost:4000 machine</code>.</p>`,
);
