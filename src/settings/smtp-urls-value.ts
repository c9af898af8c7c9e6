import * as z from 'zod';
import { parseSmtpUrl, SmtpUrlError } from './smtp-url.js';

/** Told what is wrong, which is a name or a kind and never a part of a password. */
export const smtpUrls = z.string().transform((text, context) => {
  try {
    const urls = text.split(',').map((each) => each.trim());
    for (const url of urls) parseSmtpUrl(url);
    return urls;
  } catch (error) {
    if (!(error instanceof SmtpUrlError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
