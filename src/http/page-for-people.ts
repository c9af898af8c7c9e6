import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PageLooks } from '../brand/page-looks.js';
import type { Catalogue } from '../languages/catalogue.js';
import type { Catalogues } from '../languages/catalogues.js';
import { isolated, type Message, render } from '../languages/message.js';
import { readerLanguage } from './reader-language.js';
import { plainPageSecurityPolicy } from './security-headers.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** What pages for people are made with; without it, people get what programs get. */
    forPeople: ForPeople | undefined;
  }
}

export interface ForPeople {
  readonly productName: string;
  readonly catalogues: Catalogues;
  /** The path of the style sheet, without a slash at its beginning. */
  readonly styles: string;
  /** Where a new password is asked for. */
  readonly startOver: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
  readonly looks: PageLooks;
}

/** What a page for people says, of a catalogue's texts. */
export type Words = (texts: Catalogue) => { readonly title: Message | undefined; readonly texts: readonly Message[] };

/** Whether a browser asks on behalf of somebody who looks at it: it wants HTML, and calls no API. */
export function isPerson({ method, headers, originalUrl }: FastifyRequest): boolean {
  const isCall = method !== 'GET' && /^\/graphql\b/.test(originalUrl);
  return !isCall && /(?:^|,)\s*text\/html\b/i.test(headers.accept ?? '');
}

/** Answers with a page of words and the ways on, in the person's language. @param id the request's, to be told */
export function sendToPerson(reply: FastifyReply, forPeople: ForPeople, words: Words, id?: string): FastifyReply {
  const language = readerLanguage(reply.request, forPeople.catalogues);
  return reply
    .header('content-security-policy', plainPageSecurityPolicy)
    .header('vary', 'Accept-Language')
    .type('text/html; charset=utf-8')
    .send(pageForPeople(language, forPeople, words, id));
}

export function pageForPeople(language: string, forPeople: ForPeople, words: Words, id?: string): string {
  const { productName, catalogues, styles, startOver, signInUrl, supportUrl, looks } = forPeople;
  const catalogue = catalogues.of(language);
  const { direction, page, site } = catalogue;
  const isolate = direction === 'rtl' ? isolated : undefined;
  const say = (message: Message = '', values = {}) => escaped(render(message, values, language, isolate));
  const { title, texts } = words(catalogue);
  const ways = [linkTo(signInUrl, say(page.back)), linkTo(supportUrl, say(page.help))];
  const ours = looks.footerLinks.map(({ text, url }) => linkTo(url, `<bdi>${escaped(text)}</bdi>`));
  const links = [...ways, ...ours].join('');
  const name = escaped(productName);
  return `<!doctype html>
<html lang="${language}" dir="${direction}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark"><title>${say(title)}</title>
<link rel="icon" href="${iconOf(looks, '/')}"><link rel="stylesheet" href="/${escaped(styles)}"></head>
<body><header><p class="product" dir="auto">${looks.logo ? logoTag(looks.logo, name) : name}</p></header>
<main><h1>${say(title)}</h1>
${texts.map((text) => `<p>${say(text)}</p>`).join('\n')}
${id === undefined ? '' : `<p><small>${say(site.request, { id })}</small></p>`}
<p class="actions">${linkTo(startOver, say(page.title), 'button')}</p></main>
${links === '' ? '' : `<footer>${links}</footer>`}</body></html>
`;
}

function iconOf({ icon, logo }: PageLooks, root: string): string {
  return escaped(icon ?? `${root}${logo?.path ?? ''}`);
}

function logoTag({ path, width, height }: NonNullable<PageLooks['logo']>, name: string): string {
  return `<img src="/${path}" alt="${name}" width="${width}" height="${height}">`;
}

/** @param text HTML */
function linkTo(url: string | undefined, text: string, look?: string): string {
  if (url === undefined) return '';
  return `<a${look === undefined ? '' : ` class="${look}"`} href="${escaped(url)}">${text}</a>`;
}

/** For text and quoted attributes of HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
