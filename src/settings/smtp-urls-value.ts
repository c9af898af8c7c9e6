import { readOrTell } from './reader.js';
import { parseSmtpUrl, SmtpUrlError } from './smtp-url.js';

/** Several URLs, separated by commas. A fault names the parameter or kind of mistake, never a part of a password. */
export const smtpUrls = readOrTell((text) => {
  const urls = text.split(',').map((each) => each.trim());
  // First a piece that is no URL: the one before it may be half a password, of which nothing is to be told.
  const ordered = urls.toSorted((one, other) => Number(isSmtp(one)) - Number(isSmtp(other)));
  for (const url of ordered) parseSmtpUrl(url);
  return urls;
}, SmtpUrlError);

const isSmtp = (url: string) => /^smtps?:\/\//i.test(url);
