import { BrandFault } from './brand-fault.js';

/** A link below page and mails. */
export interface FooterLink {
  /** Of the operator's, the same in every language. */
  readonly text: string;
  readonly url: string;
}

/** More would push the mail's own words out of sight. */
const mostLinks = 5;
/** Code points. */
const longestText = 40;

/**
 * Reads `FOOTER_LINKS`: a text and a URL each, separated by commas: `Imprint https://acme.example/imprint`.
 *
 * @param isPlainText whether a text is visible and changes nothing around it.
 * @throws BrandFault naming the link by its place
 */
export function footerLinksOf(text: string, isPlainText: (text: string) => boolean): readonly FooterLink[] {
  const links = text.split(',').map((each, index) => footerLink(each.trim(), index + 1, isPlainText));
  if (links.length > mostLinks) throw wrong(`there are ${links.length} of them; ${mostLinks} at most`);
  return links;
}

function footerLink(pair: string, place: number, isPlainText: (text: string) => boolean): FooterLink {
  const [, text = '', address = ''] = /^(.*?)\s*(\S+)$/su.exec(pair) ?? [];
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || !/^https:\/\/[^/]/i.test(address))
    throw wrong(`the link at place ${place} has no https URL at its end`);
  if (url.username || url.password) throw wrong(`the link at place ${place} holds a user name or password`);
  if (text === '') throw wrong(`the link at place ${place} has no text before its URL`);
  if ([...text].length > longestText)
    throw wrong(`the link at place ${place} has a text of more than ${longestText} characters (code points)`);
  if (!isPlainText(text))
    throw wrong(`the link at place ${place} has a text with control characters, or with nothing to see`);
  return { text, url: url.href };
}

function wrong(what: string): BrandFault {
  return new BrandFault(
    'allowed: links, a text and an https URL each, separated by commas (Imprint https://acme.example/imprint, ' +
      `Privacy https://acme.example/privacy; a comma in a URL is written %2C); ${what}`,
  );
}
