import type { FastifyRequest } from 'fastify';
import type { Catalogues } from '../languages/catalogues.js';

/**
 * The language of a page for whoever asks for it: of `?lang=`, which the link in a mail has, else the first of
 * `Accept-Language` that there is a catalogue for, else the default one.
 */
export function readerLanguage(
  { query, headers }: Pick<FastifyRequest, 'query' | 'headers'>,
  catalogues: Catalogues,
): string {
  // Of a parameter that comes twice, fastify makes a list; of an address that it cannot read, no query.
  const { lang } = (query ?? {}) as { lang?: unknown };
  const asked = typeof lang === 'string' ? catalogues.find(lang) : null;
  return asked ?? catalogues.accepted(headers['accept-language']) ?? catalogues.defaultLanguage;
}
