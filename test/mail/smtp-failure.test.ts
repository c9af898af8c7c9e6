import { describe, expect, it } from 'vitest';
import { smtpFailure } from '../../src/mail/smtp-failure.js';

const reply = (command: string, responseCode: number, text: string) => ({
  code: 'EENVELOPE',
  command,
  responseCode,
  response: `${responseCode} ${text}`,
});

describe('whose fault it is that a mail did not leave', () => {
  it.each([
    ['an unknown mailbox', reply('RCPT TO', 550, '5.1.1 no such user'), 'recipient', '550 5.1.1'],
    ['an unknown mailbox, no enhanced code', reply('RCPT TO', 550, 'no such user'), 'recipient', '550'],
    ['a mailbox that moved', reply('RCPT TO', 551, 'user not local'), 'recipient', '551'],
    ['a mailbox name that is not allowed', reply('RCPT TO', 553, 'bad name'), 'recipient', '553'],
    ['a disabled mailbox', reply('RCPT TO', 550, '5.2.1 disabled'), 'recipient', '550 5.2.1'],
    ['an unknown mailbox, told after DATA', reply('DATA', 550, '5.1.1 no such user'), 'recipient', '550 5.1.1'],
    ['a policy against us at RCPT', reply('RCPT TO', 550, '5.7.1 relaying denied'), 'relay', '550 5.7.1'],
    ['a bad sender', reply('MAIL FROM', 550, '5.1.8 bad sender'), 'relay', '550 5.1.8'],
    ['a bad sender, told at RCPT', reply('RCPT TO', 550, '5.1.7 bad sender'), 'relay', '550 5.1.7'],
    ['a 550 at MAIL', reply('MAIL FROM', 550, 'go away'), 'relay', '550'],
    ['spam, told after DATA', reply('DATA', 554, '5.7.1 spam'), 'relay', '554 5.7.1'],
    ['a 554 greeting', reply('CONN', 554, 'no service'), 'relay', '554'],
    [
      'refused authentication',
      { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535, response: '535 5.7.8 bad' },
      'relay',
      '535 5.7.8',
    ],
    ['authentication that is missing', reply('MAIL FROM', 530, '5.7.0 authenticate first'), 'relay', '530 5.7.0'],
    ['no TLS', { code: 'ETLS', command: 'STARTTLS' }, 'relay', undefined],
    ['greylisting', reply('RCPT TO', 450, '4.2.0 later'), 'passing', '450 4.2.0'],
    ['a full mailbox, for now', reply('RCPT TO', 452, '4.2.2 full'), 'passing', '452 4.2.2'],
    ['a relay that closes', reply('DATA', 421, '4.3.2 closing'), 'passing', '421 4.3.2'],
    ['a lost line', { code: 'ECONNECTION' }, 'passing', undefined],
    ['a time-out', { code: 'ETIMEDOUT', command: 'CONN' }, 'passing', undefined],
    ['something unheard of', new Error('boom'), 'passing', undefined],
    ['nothing at all', undefined, 'passing', undefined],
  ])('%s', (_name, error, fault, status) => {
    expect(smtpFailure(error)).toMatchObject({ fault, status });
  });

  it('is named without the address', () => {
    expect(JSON.stringify(smtpFailure(reply('RCPT TO', 550, '5.1.1 <alice@example.com> unknown')))).not.toContain(
      'alice',
    );
  });

  it.each([
    ['a line that was not made', { code: 'ECONNECTION', command: 'CONN' }, true],
    ['a name that was not found', { code: 'EDNS', command: 'CONN' }, true],
    ['silence', { code: 'ETIMEDOUT', command: 'CONN' }, true],
    ['a mail that took too long', { code: 'EABORT' }, true],
    ['wrong credentials', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535, response: '535 5.7.8 no' }, true],
    [
      'authentication, for now',
      { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 454, response: '454 4.7.0' },
      true,
    ],
    ['a greeting that refuses', reply('CONN', 554, '5.3.2 no service'), true],
    ['a sender that waits', reply('MAIL FROM', 451, '4.7.1 slow down'), true],
    ['no room, told at RCPT', reply('RCPT TO', 452, '4.3.1 no room'), true],
    ['a relay that closes at RCPT', reply('RCPT TO', 421, 'closing'), true],
    ['greylisting', reply('RCPT TO', 450, '4.7.1 greylisted'), false],
    ['a full mailbox', reply('RCPT TO', 452, '4.2.2 full'), false],
    ['a policy about the recipient', reply('RCPT TO', 550, '5.7.1 no'), false],
    ['an unknown mailbox', reply('RCPT TO', 550, '5.1.1 unknown'), false],
    ['spam, told after DATA', reply('DATA', 554, '5.7.1 spam'), false],
    ['a fault of our own', new TypeError('boom'), false],
  ])('counts against the relay or not: %s', (_name, error, relayDown) => {
    expect(smtpFailure(error)).toMatchObject({ relayDown });
  });

  it('is no alarm when authentication fails only for now', () => {
    const error = { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 454, response: '454 4.7.0 try later' };
    expect(smtpFailure(error)).toMatchObject({ fault: 'passing', reason: 'smtp-454' });
  });
});
