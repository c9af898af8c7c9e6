import type { FastifyInstance } from 'fastify';
import { html, page, pagePolicy } from './html.js';

/** The page at `/` of `latchkey dev`: the ways on. `hasInbox`: mails are kept here; `hasExplorer`: there is one that needs no internet. */
export function homePage({
  hasExplorer,
  hasInbox,
  productName,
}: {
  readonly hasExplorer: boolean;
  readonly hasInbox: boolean;
  readonly productName: string;
}) {
  const explorer = html`<li><a href="/explorer/"><strong>Explorer</strong><span>the same, without the internet</span></a></li>`;
  const inbox = html`<li><a href="/inbox"><strong>Inbox</strong><span>every mail that was sent, with its link</span></a></li>`;
  const { markup } = page(
    `${productName}: Latchkey`,
    html`<h1>Latchkey runs</h1>
    <p class="quiet">This page is there in development only. The terminal shows a line for each call and each mail.</p>
    <ul>
      <li><a href="/reset-password"><strong>Reset page</strong><span>what people see who lost their password</span></a></li>
      ${hasInbox ? inbox : ''}
      <li><a href="/graphql"><strong>Apollo Sandbox</strong><span>the flow, ready to run; needs the internet</span></a></li>
      ${hasExplorer ? explorer : ''}
      <li><a href="/readyz"><strong>State</strong><span>of each part, as a load balancer sees it</span></a></li>
      <li><a href="/.well-known/jwks.json"><strong>Public keys</strong><span>with which an app checks access tokens</span></a></li>
    </ul>`,
  );
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/', { config: { cors: false } }, (_request, reply) =>
      reply
        .headers({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy })
        .type('text/html; charset=utf-8')
        .send(markup),
    );
  };
}
