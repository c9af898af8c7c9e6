import { describe, expect, it } from 'vitest';
import { smtpFailure } from '../../../src/mail/smtp/failure.js';
import { LineFault } from '../../../src/mail/smtp/line.js';
import type { SmtpStage } from '../../../src/mail/smtp/stages.js';

const reply = (stage: SmtpStage, response: string, code = 'EENVELOPE') =>
  new LineFault(stage, false, { code, responseCode: Number(response.slice(0, 3)), response });
const lost = (stage: SmtpStage, code: string, originalCode?: string) =>
  new LineFault(stage, stage === 'end', { code, originalCode });

/**
 * What relays and the servers behind them say. `recipient`: a dead letter. `relay`: an alarm, and again later.
 * `passing`: again later. `suspect`: the recipient's, unless recipients of other domains meet it, too. `crowded`: too
 * many lines of ours.
 */
const table: readonly [SmtpStage, string, 'recipient' | 'suspect' | 'relay' | 'passing' | 'silent' | 'crowded'][] = [
  // RFC 5321 4.2, RFC 3463
  ['RCPT', '550 5.1.1 no such user', 'recipient'],
  ['RCPT', '550 no such user here', 'suspect'],
  ['RCPT', '551 user not local', 'suspect'],
  ['RCPT', '553 bad mailbox name', 'suspect'],
  ['RCPT', '501 5.1.3 bad recipient address syntax', 'recipient'],
  ['RCPT', '550 5.2.1 disabled', 'recipient'],
  ['RCPT', '552 5.2.2 mailbox full', 'recipient'],
  ['end', '550 5.1.1 no such user', 'recipient'],
  ['end', '554 5.7.1 spam', 'relay'],
  ['MAIL', '550 5.1.8 bad sender', 'relay'],
  ['RCPT', '550 5.1.7 bad sender', 'relay'],
  ['MAIL', '550 go away', 'relay'],
  ['greeting', '554 5.3.2 no service', 'relay'],
  ['RCPT', '503 5.5.1 need MAIL before RCPT', 'relay'],
  ['RCPT', '450 4.2.0 later', 'passing'],
  ['RCPT', '452 4.2.2 full', 'passing'],
  ['RCPT', '421 4.3.2 closing', 'silent'],
  ['RCPT', '452 4.3.1 no room', 'silent'],
  ['end', '421 4.3.2 closing', 'silent'],
  // RFC 4954 4.6
  ['AUTH', '535 5.7.8 authentication credentials invalid', 'relay'],
  ['MAIL', '530 5.7.0 authentication required', 'relay'],
  ['RCPT', '530 5.7.0 authentication required', 'relay'],
  // Postfix 3.8, smtpd_check.c, postscreen.c, and policyd-spf
  ['RCPT', '554 5.7.1 <alice@b.example>: Relay access denied', 'relay'],
  ['RCPT', '454 4.7.1 <alice@b.example>: Relay access denied', 'passing'],
  ['RCPT', '554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied', 'relay'],
  ['RCPT', '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org', 'relay'],
  ['RCPT', '553 5.7.1 <no-reply@acme.example>: Sender address rejected: not owned by user acme', 'relay'],
  ['RCPT', '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname', 'relay'],
  ['RCPT', '550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table', 'recipient'],
  ['RCPT', '554 5.7.1 <a@b.example>: Recipient address rejected: Access denied', 'suspect'],
  ['RCPT', '550 5.7.23 <a@b.example>: Recipient address rejected: Message rejected due to: SPF fail', 'relay'],
  ['RCPT', '450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted', 'passing'],
  ['greeting', '421 4.7.0 mx.example Error: too many connections from 192.0.2.1', 'crowded'],
  ['greeting', '421 4.3.2 All server ports are busy', 'passing'],
  // Exchange Online: "Email non-delivery reports and SMTP errors in Exchange Online"; Exchange Server's connectors
  ['RCPT', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)', 'suspect'],
  ['RCPT', '550 5.7.1 RESOLVER.RST.AuthRequired; authentication required', 'recipient'],
  ['RCPT', '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required', 'recipient'],
  ['end', '550 5.7.1 RESOLVER.RST.AuthRequired; authentication required [Stage: CreateMessage]', 'recipient'],
  ['RCPT', '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup', 'recipient'],
  ['RCPT', '550 5.7.1 Unable to relay', 'relay'],
  ['RCPT', '550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain', 'relay'],
  ['RCPT', '550 5.7.64 TenantAttribution; Relay Access Denied', 'relay'],
  ['MAIL', '530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM', 'relay'],
  ['end', '550 5.7.60 SMTP; Client does not have permissions to send as this sender', 'relay'],
  ['RCPT', '550 5.7.606 Access denied, banned sending IP [192.0.2.1]', 'relay'],
  ['RCPT', '550 5.7.511 Access denied, banned sender[192.0.2.1]', 'relay'],
  ['RCPT', '550 5.1.8 Access denied, bad outbound sender', 'relay'],
  ['end', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', 'crowded'],
  ['MAIL', '432 4.3.2 Concurrent connections limit exceeded', 'crowded'],
  ['RCPT', '432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded', 'silent'],
  ['greeting', '421 4.3.2 The maximum number of concurrent server connections has exceeded a limit', 'crowded'],
  // Gmail and Google's relay: "SMTP errors and codes", Google Workspace Admin Help
  ['EHLO', '421 4.7.0 Try again later, closing connection. (EHLO)', 'passing'],
  ['MAIL', '550-5.7.1 Invalid credentials for relay [192.0.2.1].\n550 5.7.1 The IP address is not registered', 'relay'],
  ['RCPT', '550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 Learn more', 'recipient'],
  ['RCPT', '553 5.1.2 We were not able to find the recipient domain.', 'recipient'],
  ['RCPT', '550 5.4.5 Daily user sending limit exceeded.', 'relay'],
  ['end', '550-5.7.26 Unauthenticated email from acme.example is not accepted\n550 5.7.26 DMARC', 'relay'],
  ['MAIL', '454 4.7.0 Too many login attempts, please try again later', 'passing'],
  ['greeting', '421 4.7.0 Too many concurrent SMTP connections; please try again later', 'crowded'],
  // Amazon SES: "SMTP response codes returned by Amazon SES", "Amazon SES email sending errors"
  ['end', '554 Message rejected: Email address is not verified. The following identities failed the check', 'relay'],
  ['RCPT', '554 Message rejected: Email address is not verified.', 'relay'],
  ['end', '454 Throttling failure: Maximum sending rate exceeded.', 'passing'],
  ['AUTH', '535 Authentication Credentials Invalid', 'relay'],
  ['end', '554 Access denied: User is not authorized to perform ses:SendRawEmail', 'relay'],
  // SendGrid: "SMTP Errors and Troubleshooting"
  ['MAIL', '550 Unauthenticated senders not allowed', 'relay'],
  ['end', '403 You are not authorized to send from that email address', 'relay'],
  ['AUTH', '451 Authentication failed: Maximum credits exceeded', 'passing'],
  ['greeting', '421 Too many connections from 192.0.2.1', 'crowded'],
  // Mimecast: "Mimecast SMTP Error Codes"
  ['RCPT', '550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550', 'suspect'],
  ['RCPT', '550 Administrative prohibition - envelope blocked', 'suspect'],
  ['end', '550 Rejected by header based manually Blocked Senders', 'relay'],
  ['RCPT', '550 csi.mimecast.org Poor Reputation Sender', 'relay'],
  ['RCPT', '451 Internal resource temporarily unavailable', 'passing'],
  ['end', '554 Email rejected due to security policies', 'relay'],
  // Proofpoint, as bounces quote it
  ['RCPT', '550 5.7.1 <a@b.example>: Recipient address rejected: User email address is marked as invalid.', 'suspect'],
  ['RCPT', '550 5.7.1 Relay Access denied', 'relay'],
  ['greeting', '554 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1', 'relay'],
  ['RCPT', '550 5.1.0 sender rejected', 'relay'],
  ['end', '550 5.7.0 Local Policy Violation', 'relay'],
  // Words in an address, which a stranger chooses, are no words of the relay
  ['RCPT', '550 <relay.denied.sender@spf.example>: no', 'suspect'],
  ['RCPT', '550 5.7.1 relay-access-denied@authentication.example is not wanted', 'suspect'],
];

describe('whose fault it is that a mail did not leave', () => {
  it.each(table)('at %s: %s (%s)', (stage, response, whose) => {
    const { fault, isSuspect = false, isCrowded = false, status } = smtpFailure(reply(stage, response));
    const expected = {
      recipient: { fault: 'recipient', isSuspect: false },
      suspect: { fault: 'recipient', isSuspect: true },
      relay: { fault: 'relay', isSuspect: false },
      passing: { fault: 'passing', isSuspect: false },
      silent: { fault: 'passing', isSuspect: true },
      crowded: { fault: 'passing', isSuspect: false },
    }[whose];
    expect({ fault, isSuspect, isCrowded }).toEqual({ ...expected, isCrowded: whose === 'crowded' });
    expect(response.startsWith(status?.slice(0, 3) ?? 'none')).toBe(true);
  });

  it.each([
    [
      'a certificate that nobody vouches for',
      lost('STARTTLS', 'ESOCKET', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
      'relay-certificate',
    ],
    ['a chain that nobody vouches for', lost('TLS', 'ESOCKET', 'SELF_SIGNED_CERT_IN_CHAIN'), 'relay-certificate'],
    ['a certificate that has expired', lost('TLS', 'ESOCKET', 'CERT_HAS_EXPIRED'), 'relay-certificate'],
    ['a certificate of another name', lost('TLS', 'ESOCKET', 'ERR_TLS_CERT_ALTNAME_INVALID'), 'relay-certificate'],
    ['an issuer that is not known', lost('TLS', 'ESOCKET', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'relay-certificate'],
    ['smtps where smtp is meant', lost('TLS', 'ESOCKET', 'ERR_SSL_WRONG_VERSION_NUMBER'), 'smtp-tls'],
    ['STARTTLS that is refused', reply('STARTTLS', '502 5.5.1 what?', 'ETLS'), 'smtp-tls'],
    ['STARTTLS that is refused for now', reply('STARTTLS', '454 4.7.0 TLS not available', 'ETLS'), 'smtp-tls'],
    ['credentials that nobody set', lost('AUTH', 'EAUTH'), 'smtp-auth'],
  ])('%s is an alarm', (_name, error, reason) => {
    expect(smtpFailure(error)).toMatchObject({ fault: 'relay', reason, relayDown: true });
  });

  it.each<[string, unknown, boolean, boolean]>([
    ['a line that was not made', lost('connect', 'ESOCKET', 'ECONNREFUSED'), true, false],
    ['a name that was not found', lost('connect', 'EDNS', 'ENOTFOUND'), true, false],
    ['silence at the greeting', lost('greeting', 'ETIMEDOUT'), true, false],
    ['silence at MAIL', lost('MAIL', 'ETIMEDOUT'), true, false],
    ['silence at RCPT', lost('RCPT', 'ETIMEDOUT'), false, true],
    ['silence at DATA', lost('DATA', 'ETIMEDOUT'), false, true],
    ['silence after the dot', lost('end', 'ETIMEDOUT'), false, true],
    ['a line cut at RCPT', lost('RCPT', 'ECONNECTION'), false, true],
    [
      'a mail that took too long',
      new LineFault('MAIL', false, AbortSignal.abort(new DOMException('', 'TimeoutError')).reason),
      true,
      false,
    ],
    ['a mail that was ended for others', new LineFault('RCPT', false, AbortSignal.abort().reason), false, false],
    ['authentication, for now', reply('AUTH', '454 4.7.0 try later', 'EAUTH'), true, false],
    ['a sender that waits', reply('MAIL', '451 4.7.1 slow down'), true, false],
    ['spam, told after DATA', reply('end', '554 5.7.1 spam'), false, false],
    ['a fault of our own', new TypeError('boom'), false, false],
    ['nothing at all', undefined, false, false],
  ])('counts against the relay, with others only, or not at all: %s', (_name, error, relayDown, suspect) => {
    const failure = smtpFailure(error);
    expect([failure.relayDown, failure.isSuspect ?? false]).toEqual([relayDown, suspect]);
  });

  it('is named without the address', () => {
    expect(JSON.stringify(smtpFailure(reply('RCPT', '550 5.1.1 <alice@example.com> unknown')))).not.toContain('alice');
  });
});

it('a number that is no reply code is no reply', () => {
  for (const responseCode of [25, 0, 999, 2_500]) {
    const failure = smtpFailure(
      new LineFault('MAIL', false, { code: 'EPROTOCOL', responseCode, response: `${responseCode} x` }),
    );
    expect(failure).toMatchObject({ fault: 'passing', reason: 'smtp-protocol', status: undefined });
  }
});
