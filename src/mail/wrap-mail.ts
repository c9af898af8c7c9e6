import MailComposer from 'nodemailer/lib/mail-composer';
import type { Mail } from './mail.js';
import type { MailPlace } from './mail-places.js';
import type { Parcel } from './smtp/parcel.js';

/** Composes the MIME message of a mail. @throws what nodemailer throws: a bug. */
export async function wrapMail(
  { to, subject, html, text, language, messageId, isRetry = false }: Mail,
  from: { readonly name: string; readonly address: string },
  place: MailPlace,
): Promise<Parcel> {
  const composer = new MailComposer({
    // A copy: nodemailer writes into the address object that it is given.
    from: { ...from },
    to: { name: '', address: to },
    subject,
    html,
    text,
    // Fixed, so that nodemailer does not scan every body for the shorter encoding.
    textEncoding: 'quoted-printable',
    messageId: `<${messageId}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    // RFC 3834, 5, and its equivalent for Exchange: no automatic replies to our mails.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'Content-Language': language },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const message = await composer.compile().build();
  return { from: from.address, to, message, isRetry, signal: place.signal, onStage: place.stage };
}
