import { readOrTell } from './reader.js';
import { parseSmtpUrl, SmtpUrlError } from './smtp-url.js';

/** Told what is wrong, which is a name or a kind and never a part of a password. */
export const smtpUrls = readOrTell((text) => {
  const urls = text.split(',').map((each) => each.trim());
  for (const url of urls) parseSmtpUrl(url);
  return urls;
}, SmtpUrlError);
