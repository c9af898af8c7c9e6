import { LineFault } from './line.js';
import { isAboutUs, isClearlyTheRecipient, saysTooMany } from './replies.js';
import type { SmtpStage } from './stages.js';

/**
 * Why a mail was not taken. `recipient`: this address will never take it. `relay`: the relay refuses us
 * (authentication, policy), which an operator must fix. `passing`: temporary, so try again.
 */
export interface SmtpFailure {
  readonly fault: 'recipient' | 'relay' | 'passing';
  /** A name for logs and job rows; holds no address. */
  readonly reason: string;
  /** Reply code and enhanced code (RFC 3463), for instance `550 5.1.1`. */
  readonly status: string | undefined;
  /** Where the dialogue ended; undefined where there was none. */
  readonly stage?: SmtpStage | undefined;
  /** The relay would fail any mail: it was not reached, fell silent, or refused before a recipient was named. */
  readonly relayDown: boolean;
  /**
   * Silence, or a refusal, after a recipient was named. It counts as the recipient's fault, and as the relay's only if
   * mails to other domains fail in the same way.
   */
  readonly isSuspect?: boolean;
  /** The relay says that we have too many lines to it. */
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
/** The connection was not made, broke, fell silent, did not speak SMTP, or was too slow for the mail's time. */
const lineCodes = ['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'EPROTOCOL', 'EPROXY', 'EABORT', 'TimeoutError'];
const afterRecipient: readonly SmtpStage[] = ['RCPT', 'DATA', 'body', 'end'];
/** Codes for a bad certificate: OpenSSL's X509_V_ERR_ names, and Node's for a wrong host name. */
const certificate = /^(?:ERR_TLS_CERT_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA$|HOSTNAME_MISMATCH$)/;

/** Classifies an error of a dialogue; the only place that does. */
export function smtpFailure(error: unknown): SmtpFailure {
  const stage = error instanceof LineFault ? error.stage : undefined;
  const cause = ((error instanceof LineFault ? error.cause : error) ?? {}) as SmtpError;
  const reply = isReplyCode(cause.responseCode) ? cause.responseCode : undefined;
  return reply === undefined ? withoutReply(cause, stage) : withReply(reply, String(cause.response ?? ''), stage);
}

/** RFC 5321 4.2.1: three digits, of which the first is 2 to 5. Nodemailer takes any number at the start of a line. */
function isReplyCode(code: unknown): code is number {
  return typeof code === 'number' && code >= 200 && code <= 599;
}

function withoutReply(cause: SmtpError, stage: SmtpStage | undefined): SmtpFailure {
  // The code of an aborted signal (DOMException) is a number, so its name is used.
  const code = typeof cause.code === 'string' ? cause.code : String((cause as { name?: unknown }).name);
  const original = String(cause.originalCode ?? '');
  const ours = { fault: 'relay', status: undefined, stage, relayDown: true } as const;
  if (certificate.test(original) || certificate.test(code)) return { ...ours, reason: 'relay-certificate' };
  // The relay does not speak TLS here (`smtps` where `smtp` is meant), or there is no common version.
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
  // Strangers can choose recipients, so a reply about one recipient alone never counts against the relay.
  if (reply < 500) {
    const isSuspect = reply === 421 || /^4\.3\./.test(enhanced ?? '');
    return { ...common, fault: isAboutUs(said) && reply === 403 ? 'relay' : 'passing', relayDown: false, isSuspect };
  }
  if (isClearlyTheRecipient(said)) return { ...common, fault: 'recipient', relayDown: false };
  if (stage !== 'RCPT' || isAboutUs(said)) return { ...common, fault: 'relay', relayDown: false };
  return { ...common, fault: 'recipient', relayDown: false, isSuspect: true };
}
