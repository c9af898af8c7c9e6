import { read } from './reader.js';

/**
 * No braces, because they would put all names into one slot of a cluster; no stars, question marks or brackets, because
 * they would be a pattern in the rights of a Redis user (`~acme:*`).
 */
export const keyPrefix = read('1 to 32 of A-Z a-z 0-9 . _ - :, with : or - or . at the end', (text) =>
  /^[A-Za-z0-9._:-]{0,31}[:.-]$/.test(text) ? text : undefined,
);
