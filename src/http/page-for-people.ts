import type { FastifyReply, FastifyRequest } from 'fastify';
import { plainPageSecurityPolicy } from './security-headers.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** What pages for people are made with; without it they are plain. */
    forPeople: ForPeople | undefined;
  }
}

export interface ForPeople {
  readonly productName: string;
  /** The path of the style sheet, without a slash at its beginning. */
  readonly styles: string;
  /** Where a new password is asked for. */
  readonly startOver: string;
  readonly signInUrl: string | undefined;
  readonly supportUrl: string | undefined;
}

/** Whether a browser asks on behalf of somebody who looks at it: it wants HTML, and calls no API. */
export function isPerson({ method, headers, originalUrl }: FastifyRequest): boolean {
  const isCall = method !== 'GET' && /^\/graphql\b/.test(originalUrl);
  return !isCall && /(?:^|,)\s*text\/html\b/i.test(headers.accept ?? '');
}

/** Answers with a page of fixed words and the ways on. */
export function sendToPerson(reply: FastifyReply, title: string, paragraphs: readonly string[]): FastifyReply {
  const { forPeople } = reply.server;
  return reply
    .header('content-security-policy', plainPageSecurityPolicy)
    .type('text/html; charset=utf-8')
    .send(pageForPeople(title, paragraphs, forPeople));
}

/** @param title and paragraphs: HTML of ours, without input. */
export function pageForPeople(title: string, paragraphs: readonly string[], forPeople?: ForPeople): string {
  const { productName, styles, startOver, signInUrl, supportUrl } = forPeople ?? {};
  const links = [linkTo(signInUrl, 'Back to sign-in'), linkTo(supportUrl, 'Get help')].join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>${title}</title>
<link rel="icon" href="data:,">${styles === undefined ? '' : `<link rel="stylesheet" href="/${escaped(styles)}">`}</head>
<body>${productName === undefined ? '' : `<header><p class="product">${escaped(productName)}</p></header>`}
<main><h1>${title}</h1>
${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}
${startOver === undefined ? '' : `<p class="actions">${linkTo(startOver, 'Set a new password', 'button')}</p>`}</main>
${links === '' ? '' : `<footer>${links}</footer>`}</body></html>
`;
}

function linkTo(url: string | undefined, text: string, look?: string): string {
  if (url === undefined) return '';
  return `<a${look === undefined ? '' : ` class="${look}"`} href="${escaped(url)}">${text}</a>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
