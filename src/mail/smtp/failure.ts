import { LineFault } from './line.js';
import { isAboutUs, isClearlyTheRecipient, saysTooMany } from './replies.js';
import type { SmtpStage } from './stages.js';

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
  /** Where the dialogue ended; undefined where there was none. */
  readonly stage?: SmtpStage | undefined;
  /** The relay failed every mail alike: it was not reached, fell silent, or refused before a recipient was named. */
  readonly relayDown: boolean;
  /**
   * The recipient's fault for all that one mail can show: silence or a refusal after a recipient was named, which is
   * the relay's only if recipients elsewhere meet it, too.
   */
  readonly isSuspect?: boolean;
  /** The relay has too many lines of ours. */
  readonly isCrowded?: boolean;
}

/** What nodemailer tells of a failed dialogue; `originalCode` is the system's, where nodemailer has one of its own. */
interface SmtpError {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

const refusedCodes = ['EAUTH', 'ENOAUTH', 'ETLS', 'EREQUIRETLS'];
/** A line that was not made, broke, fell silent, spoke no SMTP, or was too slow for the time that a mail has. */
const lineCodes = ['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'EPROTOCOL', 'EPROXY', 'EABORT', 'TimeoutError'];
const afterRecipient: readonly SmtpStage[] = ['RCPT', 'DATA', 'body', 'end'];
/** What OpenSSL says of a certificate (its X509_V_ERR_ names), and Node of one with other names. */
const certificate = /^(?:ERR_TLS_CERT_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA$|HOSTNAME_MISMATCH$)/;

/** Sorts a failure once, for everybody. Everything that is not clearly this recipient is not held against it. */
export function smtpFailure(error: unknown): SmtpFailure {
  const stage = error instanceof LineFault ? error.stage : undefined;
  const cause = ((error instanceof LineFault ? error.cause : error) ?? {}) as SmtpError;
  const reply = typeof cause.responseCode === 'number' ? cause.responseCode : undefined;
  return reply === undefined ? withoutReply(cause, stage) : withReply(reply, String(cause.response ?? ''), stage);
}

function withoutReply(cause: SmtpError, stage: SmtpStage | undefined): SmtpFailure {
  // An aborted signal has a number for its code.
  const code = typeof cause.code === 'string' ? cause.code : String((cause as { name?: unknown }).name);
  const original = String(cause.originalCode ?? '');
  const ours = { fault: 'relay', status: undefined, stage, relayDown: true } as const;
  if (certificate.test(original) || certificate.test(code)) return { ...ours, reason: 'relay-certificate' };
  // The other side speaks no TLS at all: `smtps` where `smtp` is meant, or no version in common.
  if (/^(?:ERR_SSL_|EPROTO$)/.test(original)) return { ...ours, reason: 'smtp-tls' };
  if (refusedCodes.includes(code)) return { ...ours, reason: `smtp-${code.slice(1).toLowerCase()}` };
  const isLine = lineCodes.includes(code);
  const isSuspect = isLine && stage !== undefined && afterRecipient.includes(stage);
  const reason = isLine ? `smtp-${code === 'TimeoutError' ? 'abort' : code.slice(1).toLowerCase()}` : 'smtp-line-lost';
  return { fault: 'passing', reason, status: undefined, stage, relayDown: isLine && !isSuspect, isSuspect };
}

function withReply(reply: number, response: string, stage: SmtpStage | undefined): SmtpFailure {
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const status = [reply, enhanced].filter(Boolean).join(' ');
  const said = { reply, enhanced, response };
  const reason = stage === 'STARTTLS' ? 'smtp-tls' : `smtp-${reply}`;
  const common = { reason, status, stage };
  const isAfterRecipient = stage !== undefined && afterRecipient.includes(stage);
  if (saysTooMany(said, isAfterRecipient)) {
    return { ...common, fault: 'passing', relayDown: !isAfterRecipient, isCrowded: true };
  }
  if (!isAfterRecipient) {
    const isRefusal = reply >= 500 || stage === 'STARTTLS' || reply === 403;
    return { ...common, fault: isRefusal ? 'relay' : 'passing', relayDown: true };
  }
  // Whom a mail goes to can be chosen by strangers: what is said of one recipient never counts against the relay alone.
  if (reply < 500) {
    const isSuspect = reply === 421 || /^4\.3\./.test(enhanced ?? '');
    return { ...common, fault: isAboutUs(said) && reply === 403 ? 'relay' : 'passing', relayDown: false, isSuspect };
  }
  if (isClearlyTheRecipient(said)) return { ...common, fault: 'recipient', relayDown: false };
  if (stage !== 'RCPT' || isAboutUs(said)) return { ...common, fault: 'relay', relayDown: false };
  return { ...common, fault: 'recipient', relayDown: false, isSuspect: true };
}
