import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSmtpUrl, SmtpUrlError } from '../../src/settings/smtp-url.js';
import { settingsTable } from '../../src/settings/table.js';

const plain = { secure: false, host: 'relay.example', port: 587, credentials: undefined };

describe('SMTP_URL', () => {
  it.each([
    ['smtp://relay.example', plain],
    ['smtps://relay.example/', { ...plain, secure: true, port: 465 }],
    ['smtp://[::1]:25', { ...plain, host: '::1', port: 25 }],
    [
      'smtp://user%40acme.example:p%40ss%2Fw%3Ard%25@relay.example',
      { credentials: { user: 'user@acme.example', password: 'p@ss/w:rd%' } },
    ],
    [
      'smtp://user@acme.example:p@ss:word@relay.example:2525',
      { port: 2525, credentials: { user: 'user@acme.example', password: 'p@ss:word' } },
    ],
    ['smtp://u:p+w@relay.example', { credentials: { user: 'u', password: 'p+w' } }],
    ['smtp://relay.example?ignoreTLS=true', { ignoreTls: true, requireTls: undefined }],
    ['smtp://relay.example?requireTLS=true&name=mail.acme.example', { requireTls: true, name: 'mail.acme.example' }],
    ['smtp://relay.example?name=[192.0.2.1]&authMethod=LOGIN', { name: '[192.0.2.1]', authMethod: 'LOGIN' }],
    ['smtps://10.0.0.7?tls.servername=relay.example', { host: '10.0.0.7', servername: 'relay.example' }],
  ])('%s is read', (url, address) => {
    expect(parseSmtpUrl(url)).toMatchObject(address);
  });

  it.each([
    ['http://u:hunter2@relay.example', /begins with smtp/],
    ['smtp://u:hunter2/more@relay.example', /raw in a password/],
    ['smtp://u:hunter2#more@relay.example', /raw .*`#`/],
    ['smtp://u:hunter2?more@relay.example', /port that is no number \(a raw/],
    ['smtp://u:hunter2%more@relay.example', /`%` that encodes nothing/],
    ['smtp://u:hunter2@relay.example?hunter2=%zz', /`%` that encodes nothing/],
    ['smtp://u:hunter2@', /host that is missing/],
    ['smtp://u:hunter2@relay example', /no host name/],
    ['smtp://u:hunter2@relay.example:0', /port that is not from 1/],
    ['smtp://u:hunter2@relay.example:99999', /port that is not from 1/],
    ['smtp://hunter2@relay.example', /without password/],
    ['smtp://:hunter2@relay.example', /without user name/],
    ['smtp://u:hunter2@relay.example?debug=true&logger=true', /the parameter debug, which is not known/],
    ['smtp://u:hunter2@relay.example?logger=true', /the parameter logger,/],
    ['smtp://u:hunter2@relay.example?transactionLog=true', /the parameter transactionLog,/],
    ['smtp://u:hunter2@relay.example?DEBUG=1', /the parameter DEBUG,/],
    ['smtp://u:hunter2@relay.example?%64ebug=true', /the parameter debug,/],
    ['smtp://u:hunter2@relay.example?host=evil.example', /the parameter host,/],
    ['smtp://u:hunter2@relay.example?hunter2 and more', /a parameter, which is not known/],
    ['smtp://u:hunter2@relay.example?tls.rejectUnauthorized=false', /NODE_EXTRA_CA_CERTS/],
    ['smtp://u:hunter2@relay.example?__proto__=1', /which is not known/],
    [
      'smtp://u:hunter2@relay.example?ignoreTLS=yes',
      /the parameter ignoreTLS with a value that is none of: true, false/,
    ],
    ['smtp://u:hunter2@relay.example?ignoreTLS=true&ignoreTLS=true', /ignoreTLS twice/],
    ['smtp://u:hunter2@relay.example?ignoreTLS=true&requireTLS=true', /both ignoreTLS and requireTLS/],
    ['smtps://u:hunter2@relay.example?ignoreTLS=true', /TLS from the first byte/],
    ['smtp://u:hunter2@relay.example?name=mail%0d%0aRSET', /the parameter name with a value that is none of/],
    ['smtp://a.example,smtp://u:hunter2@b.example?pool=false', /the parameter pool,/],
    ['smtp://a.example,', /begins with smtp/],
    ['smtp://u:1?hunter2=x@relay.example', /a parameter, which is not known/],
    ['smtp://u:1?hunter2,x@relay.example', /begins with smtp/],
  ])('%s is told what is wrong and how it is mended, without its password', (url, reason) => {
    const reading = settingsTable.SMTP_URL.value(url);
    const fault = reading.kind === 'NotAllowed' ? reading.fault : undefined;
    expect(fault).toMatch(reason);
    expect(fault).toMatch(/; allowed: smtp:\/\/.*ignoreTLS.*`@` is `%40`/);
    expect(fault).not.toContain('hunter2');
  });

  it('is never another error, whatever it is', () => {
    const part = fc.constantFrom(
      'smtp',
      's',
      '://',
      ':',
      '@',
      '/',
      '?',
      '#',
      '&',
      '=',
      '%',
      '%41',
      '[',
      ']',
      'a',
      '25',
      'name',
      'ignoreTLS',
      'true',
      ',',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        try {
          parseSmtpUrl(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(SmtpUrlError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes every user name and password, percent-encoded', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((each) => each.isWellFormed());
    fc.assert(
      fc.property(text, text, (user, password) => {
        const url = `smtp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@relay.example`;
        expect(parseSmtpUrl(url).credentials).toEqual({ user, password });
      }),
      { numRuns: 500 },
    );
  });
});
