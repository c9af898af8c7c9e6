import type { Attack } from './attack.js';
import { bodies } from './attacks/bodies.js';
import { crossSite } from './attacks/cross-site.js';
import { documents } from './attacks/documents.js';

/** Every attack, in the order in which they are made. */
export const catalogue: readonly Attack[] = [...documents, ...bodies, ...crossSite];

/** The attacks with one of the texts (separated by commas) in their entries or title, whatever the case. */
export function chosen(only: string): Attack[] {
  const texts = only
    .toLowerCase()
    .split(',')
    .map((text) => text.trim());
  return catalogue.filter(({ ids, title }) => {
    const words = [...ids, title].join(' ').toLowerCase();
    return texts.some((text) => words.includes(text));
  });
}
