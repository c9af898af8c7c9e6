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
}

/** What nodemailer tells of a failed dialogue. */
interface SmtpError {
  readonly code?: unknown;
  readonly command?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

/** Sorts a failure once, for everybody. Everything that is not clearly this recipient is not held against it. */
export function smtpFailure(error: unknown): SmtpFailure {
  const { code, command, responseCode, response } = (error ?? {}) as SmtpError;
  const reply = typeof responseCode === 'number' ? responseCode : undefined;
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(typeof response === 'string' ? response : '')?.[1];
  const status = reply === undefined ? undefined : [reply, enhanced].filter(Boolean).join(' ');
  const stage = typeof command === 'string' ? command.split(' ')[0] : undefined;

  if (code === 'EAUTH' || code === 'ENOAUTH' || code === 'ETLS' || code === 'EREQUIRETLS') {
    return { fault: 'relay', reason: `smtp-${String(code).slice(1).toLowerCase()}`, status };
  }
  if (reply === undefined) {
    const name = typeof code === 'string' ? code.replace(/^E/, '').toLowerCase() : 'line-lost';
    return { fault: 'passing', reason: `smtp-${name}`, status };
  }
  const reason = `smtp-${reply}`;
  if (reply < 500) return { fault: 'passing', reason, status };
  return { fault: isRecipientFault(reply, enhanced, stage) ? 'recipient' : 'relay', reason, status };
}

/** RFC 3463: x.1.x is about addresses (x.1.7 and x.1.8 about the sender's), x.2.x about the mailbox. */
function isRecipientFault(reply: number, enhanced: string | undefined, stage: string | undefined): boolean {
  if (enhanced) return /^5\.(?:1\.(?!7$|8$)|2\.)/.test(enhanced) && stage !== 'MAIL';
  return stage === 'RCPT' && [550, 551, 553].includes(reply);
}
