import 'reflect-metadata';
import { MailTemplates } from '../src/mail/mail-template.js';
import { templatesFolder } from '../src/package-files.js';

export const sender = 'no-reply@bench.example';
/** The link in the mail; whoever sends the same mail with links of its own puts them here. */
export const placeOfLink = `https://bench.example/reset-password#key=${'k'.repeat(43)}`;

/** The mail that the worker sends, filled once. */
export function resetMail(): { subject: string; html: string; text: string } {
  const { subject, html, text } = new MailTemplates(templatesFolder).fill('reset-link', 'en', {
    link: placeOfLink,
    lifetime: '1 hour',
    expiresAt: 'January 1, 2030 at 12:00:00 PM UTC',
    isLast: false,
    supportUrl: null,
    nextMailAt: 'January 1, 2030 at 12:00:00 PM UTC',
    askedAt: 'Tuesday, January 1, 2030 at 11:00 AM UTC',
    origin: 'originWith',
    browser: 'Firefox',
    productName: 'Latchkey',
  });
  return { subject, html, text };
}
