import { readOrTell } from './reader.js';
import { parseSmtpUrl, SmtpUrlError } from './smtp-url.js';

/** Several URLs, separated by commas. A fault names the parameter or kind of mistake, never a part of a password. */
export const smtpUrls = readOrTell((text) => {
  const urls = text.split(',').map((each) => each.trim());
  for (const url of urls) parseSmtpUrl(url);
  return urls;
}, SmtpUrlError);
