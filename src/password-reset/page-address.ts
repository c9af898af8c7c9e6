export const pagePath = '/reset-password';

/** What may follow the path: nothing, the key in some spelling, or punctuation that followed the link in a mail. */
const spelling = /^\/*(?:[#?&;].*|(?:key|confirm)\b.*|(?:[^\p{L}\p{N}/.]|%[0-9a-f]{2})+|\.+)?$/isu;

/**
 * Link checkers and mail programs rewrite the link in a mail: `/reset-password%23key=…` (Safe Links of Defender),
 * `/reset-password/#key=…`, `/Reset-Password`. All of these are answered with the page, which takes the key out.
 *
 * @param target path and query as they were asked for
 * @returns the page's own path with that query; every other target as it is
 */
export function pageTarget(target: string): string {
  const start = target.indexOf('?');
  const [path, query] = start < 0 ? [target, ''] : [target.slice(0, start), target.slice(start)];
  const plain = decoded(path);
  const isPage =
    plain.slice(0, pagePath.length).toLowerCase() === pagePath && spelling.test(plain.slice(pagePath.length));
  return isPage && depthOf(target) <= deepest ? pagePath + query : target;
}

/** Whether the target is the page's own path, with a language at the most: such a one names nobody and holds no key. */
export function isPlainTarget(target: string): boolean {
  return /^\/reset-password(?:\?lang=[A-Za-z0-9-]{0,35})?$/.test(target);
}

/** The most slashes after the first in a path that is answered with the page, whose relative links go back as many. */
export const deepest = 3;

export function depthOf(target: string): number {
  return (target.replace(/[?#].*$/s, '').match(/\//g)?.length ?? 1) - 1;
}

/** Decodes up to three times, because the encoding may be encoded itself; other text stays. */
function decoded(text: string): string {
  let plain = text;
  for (let round = 0; round < 3; round++) {
    plain = plain.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return plain;
}
