/**
 * Whose fault it is that a mail did not leave. `recipient`: this address will never take it. `relay`: the relay
 * refuses us (authentication, policy), which an operator must mend. `passing`: try again.
 */
export interface SmtpFailure {
  readonly fault: 'recipient' | 'relay' | 'passing';
  /** A name for logs and job rows; holds no address. */
  readonly reason: string;
  /** Reply code and enhanced code (RFC 3463), for instance `550 5.1.1`. */
  readonly status: string | undefined;
  /** The relay failed every mail alike: it was not reached, fell silent, or refused before a recipient was named. */
  readonly relayDown: boolean;
}

/** What nodemailer tells of a failed dialogue. */
interface SmtpError {
  readonly code?: unknown;
  readonly command?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

const refusedCodes = ['EAUTH', 'ENOAUTH', 'ETLS', 'EREQUIRETLS'];
/** A line that was not made, broke, fell silent, spoke no SMTP, or was too slow for the time that a mail has. */
const lineCodes = ['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'EPROTOCOL', 'EPROXY', 'EABORT'];
const beforeRecipient = ['CONN', 'EHLO', 'HELO', 'STARTTLS', 'AUTH', 'MAIL', 'RSET'];

/** Sorts a failure once, for everybody. Everything that is not clearly this recipient is not held against it. */
export function smtpFailure(error: unknown): SmtpFailure {
  const { code, command, responseCode, response } = (error ?? {}) as SmtpError;
  const reply = typeof responseCode === 'number' ? responseCode : undefined;
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(typeof response === 'string' ? response : '')?.[1];
  const status = reply === undefined ? undefined : [reply, enhanced].filter(Boolean).join(' ');
  const stage = typeof command === 'string' ? (command.split(' ')[0] ?? '') : '';

  if (refusedCodes.includes(String(code)) && !(reply && reply < 500)) {
    return { fault: 'relay', reason: `smtp-${String(code).slice(1).toLowerCase()}`, status, relayDown: true };
  }
  if (reply === undefined) {
    const name = typeof code === 'string' ? code.replace(/^E/, '').toLowerCase() : 'line-lost';
    return { fault: 'passing', reason: `smtp-${name}`, status, relayDown: lineCodes.includes(String(code)) };
  }
  const reason = `smtp-${reply}`;
  // Whom a mail goes to can be chosen by strangers, so what the relay says of a recipient never counts against it.
  const relayDown = reply === 421 || beforeRecipient.includes(stage) || /^[45]\.3\./.test(enhanced ?? '');
  if (reply < 500) return { fault: 'passing', reason, status, relayDown };
  const fault = isRecipientFault(reply, enhanced, stage) ? 'recipient' : 'relay';
  return { fault, reason, status, relayDown: relayDown && fault !== 'recipient' };
}

/** RFC 3463: x.1.x is about addresses (x.1.7 and x.1.8 about the sender's), x.2.x about the mailbox. */
function isRecipientFault(reply: number, enhanced: string | undefined, stage: string): boolean {
  if (enhanced) return /^5\.(?:1\.(?!7$|8$)|2\.)/.test(enhanced) && stage !== 'MAIL';
  return stage === 'RCPT' && [550, 551, 553].includes(reply);
}
