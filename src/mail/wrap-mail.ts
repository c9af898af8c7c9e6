import MailComposer from 'nodemailer/lib/mail-composer';
import { logoId } from './look.js';
import type { Mail, MailSettings } from './mail.js';
import type { MailPlace } from './mail-places.js';
import type { Parcel } from './smtp/parcel.js';

const inlineLogo = {
  filename: 'logo.png',
  contentType: 'image/png',
  contentDisposition: 'inline',
  cid: logoId,
} as const;

/** Composes the MIME message of a mail. @throws what nodemailer throws: a bug. */
export async function wrapMail(
  { to, subject, html, text, language, messageId, logo, isRetry = false }: Mail,
  { from, replyTo }: Pick<MailSettings, 'from' | 'replyTo'>,
  place: MailPlace,
): Promise<Parcel> {
  const composer = new MailComposer({
    // A copy: nodemailer writes into the address object that it is given.
    from: { ...from },
    ...(replyTo ? { replyTo: { ...replyTo } } : {}),
    to: { name: '', address: to },
    subject,
    html,
    text,
    ...(logo ? { attachments: [{ ...inlineLogo, content: logo }] } : {}),
    // Fixed, so that nodemailer does not scan every body for the shorter encoding.
    textEncoding: 'quoted-printable',
    messageId: `<${messageId}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    // RFC 3834, 5, and its equivalent for Exchange: no automatic replies to our mails.
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'Content-Language': language,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const built = await composer.compile().build();
  const message = logo ? withBrackets(built) : built;
  return { from: from.address, to, message, isRetry, signal: place.signal, onStage: place.stage };
}

/**
 * Puts the address of `To` in brackets (RFC 5322, 3.4), as nodemailer does only after a name: programs that filter spam
 * count it as a sign when a mail with a picture lacks them (`TO_NO_BRKTS_HTML_IMG`).
 */
function withBrackets(message: Buffer): Buffer {
  const end = message.indexOf('\r\n\r\n');
  // A long address stands in a line of its own (RFC 5322, 2.2.3).
  const head = message.toString('latin1', 0, end).replace(/(?<=\r\nTo:\s+)\S+/, '<$&>');
  return Buffer.concat([Buffer.from(head, 'latin1'), message.subarray(end)]);
}
