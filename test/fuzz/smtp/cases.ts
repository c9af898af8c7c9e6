import fc from 'fast-check';

/** What a relay answers, stage by stage; texts are bytes in latin1. */
export interface SmtpCase {
  readonly greeting: Said;
  readonly EHLO: Said;
  readonly AUTH: Said;
  readonly MAIL: Said;
  readonly RCPT: Said;
  readonly DATA: Said;
  readonly dot: Said;
  readonly other: Said;
}

export interface Said {
  readonly text: string;
  readonly after: 'go on' | 'close' | 'reset';
}

const of = fc.constantFrom;
const code = fc.oneof(
  of(
    '250',
    '354',
    '220',
    '421',
    '450',
    '451',
    '452',
    '500',
    '503',
    '530',
    '535',
    '550',
    '552',
    '554',
    '251',
    '252',
    '334',
    '235',
  ),
  of('200', '999', '099', '25', '2500', '٢٥٠', 'abc', '', '-50', '250\t'),
);
const enhanced = of('', '', ' 2.0.0', ' 4.7.1', ' 5.1.1', ' 5.7.1', ' 9.9.9', ' 2.1.5 <alice@example.com>', ' 4.3.2');
const words = fc.oneof(
  of(
    ' ok',
    '',
    ' too many connections',
    ' relaying denied',
    ' \u00e9\u00ff',
    ' \0',
    ` ${'x'.repeat(5_000)}`,
    ' =?utf-8?q?x?=',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((each) => ` ${each}`),
);
const end = fc.oneof({ weight: 10, arbitrary: of('\r\n') }, of('\n', '\r', '', '\r\r\n', '\n\r', ' \r\n'));
const line = fc
  .tuple(code, fc.oneof({ weight: 4, arbitrary: of('') }, of('-')), enhanced, words, end)
  .map((parts) => parts.join(''));
const lines = fc.oneof(
  { weight: 5, arbitrary: line },
  fc
    .tuple(code, fc.array(words, { maxLength: 4 }), words, end)
    .map(([of250, before, last, ends]) =>
      [...before.map((each) => `${of250}-${each.trim()}${ends}`), `${of250}${last}${ends}`].join(''),
    ),
  fc.array(line, { minLength: 2, maxLength: 4 }).map((all) => all.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  of('', 'x'.repeat(70_000), '250-\r\n'.repeat(400)),
);
const odd = fc.record({
  text: lines,
  after: fc.oneof({ weight: 4, arbitrary: of('go on' as const) }, of('close' as const, 'reset' as const)),
});
/** Mostly the usual reply, so that a dialogue comes to its later stages. */
const stage = (...texts: readonly [string, ...string[]]) =>
  fc.oneof({ weight: 7, arbitrary: fc.record({ text: of(...texts), after: fc.constant('go on' as const) }) }, odd);

export const smtpCases: fc.Arbitrary<SmtpCase> = fc.record({
  greeting: stage('220 relay.example ESMTP\r\n'),
  EHLO: stage(
    '250-relay.example\r\n250 AUTH PLAIN\r\n',
    '250-relay.example\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250 8BITMIME\r\n',
    '250 relay.example\r\n',
  ),
  AUTH: stage('235 2.7.0 welcome\r\n'),
  MAIL: stage('250 2.1.0 sender\r\n'),
  RCPT: stage('250 2.1.5 recipient\r\n'),
  DATA: stage('354 go on\r\n'),
  dot: stage('250 2.0.0 queued\r\n'),
  other: stage('250 2.0.0 ok\r\n'),
});
