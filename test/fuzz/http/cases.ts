import fc from 'fast-check';
import { canary, documents } from '../../attacks/attack.js';

/** Bytes for one connection, as latin1. */
export interface HttpCase {
  /** Each is written by itself, a few milliseconds after the one before. */
  readonly parts: readonly string[];
  readonly end: 'keep open' | 'half close' | 'reset';
  /** Does not read for a while. */
  readonly readsLate: boolean;
}

/** The answer to this request is told from all others by its body. */
export const smuggled = 'GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n';

const of = fc.constantFrom;
const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 8) =>
  fc.oneof({ weight, arbitrary: usual }, odd);
const end = rarely(of('\r\n'), of('\n', '\r', '\r\r\n', '\n\r', '\0\r\n', '\r\n ', '\r\n\t', ''), 16);
const method = rarely(
  of('POST', 'GET', 'POST'),
  of('HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PRI', 'CONNECT', 'TRACE', 'post', 'X'.repeat(60), 'GE T', 'P\0ST', ''),
);
const target = rarely(
  of('/graphql', '/livez', '/reset-password'),
  of(
    '*',
    '/',
    '//',
    'http://evil.example/graphql',
    '/graphql?x=y',
    '/../graphql',
    '/%00',
    `/${'a'.repeat(3_000)}`,
    '/graphql#x',
    '/é',
    '/a b',
    '',
    'evil.example:443',
    `/${canary}`,
  ),
);
const version = rarely(
  of('HTTP/1.1'),
  of('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/1', 'http/1.1', 'HTTP/11', 'HTTP/1.1 ', 'ICE/1.0', ''),
  12,
);
const space = rarely(of(' '), of('  ', '\t', '', '\x0b', ' \r'), 24);
const line = fc.tuple(method, space, target, space, version).map((parts) => parts.join(''));

const content = of(
  JSON.stringify({ query: '{__typename}' }),
  JSON.stringify({ query: documents.requestPasswordReset, variables: { input: { email: canary } } }),
  smuggled,
  `0\r\n\r\n${smuggled}`,
  `{}\r\n${smuggled}`,
  'x'.repeat(20_000),
  '',
);
const plainHeader = of(
  'Host: a.example',
  'Accept: application/json',
  'Content-Type: application/json',
  'Accept: */*',
  'User-Agent: x',
);
const oddHeader = of(
  'Host: ',
  `X: ${canary}`,
  'X : y',
  ' X: y',
  'X',
  ': y',
  'X: a\0b',
  'X: \x7f',
  `X: ${'y'.repeat(17_000)}`,
  'Connection: close',
  'Connection: keep-alive, Upgrade',
  'Connection: Transfer-Encoding',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'X: a\r\n b',
  'X: a\n b',
  'Trailer: Content-Length',
  'X-Forwarded-For: 1.2.3.4, 5.6.7.8',
  'Content-Encoding: gzip',
  'Accept: text/html',
  'X: é',
  'Te: trailers',
  'Range: bytes=0-1',
  'Cookie: a=b',
  `Authorization: Bearer ${canary}`,
  'Keep-Alive: timeout=0',
);
const headers = fc.array(rarely(plainHeader, oddHeader, 3), { maxLength: 5 });

/** How a body's length is told: rightly, wrongly, twice, or in two ways. */
const framing = (length: number) =>
  rarely(
    of<readonly string[]>([`Content-Length: ${length}`]),
    of<readonly string[]>(
      [`Content-Length: ${length}`, 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Content-Length: 4'],
      ['Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      ['Transfer-Encoding: identity, chunked'],
      ['Transfer-Encoding: chunked, identity'],
      ['Transfer-Encoding: xchunked'],
      ['Transfer-Encoding : chunked'],
      ['Transfer-Encoding:\x0bchunked'],
      ['Transfer-Encoding:\r\n chunked'],
      ['Transfer-Encoding: CHUNKED'],
      ['Transfer-Encoding: chunked\0'],
      [`Content-Length: ${length}`, 'Content-Length: 0'],
      [`Content-Length: ${length}`, `Content-Length: ${length}`],
      [`Content-Length: ${length}, ${length}`],
      ['Content-Length: 0'],
      [`Content-Length: +${length}`],
      ['Content-Length: -1'],
      [`Content-Length: 0x${length.toString(16)}`],
      [`Content-Length: ${length} `],
      [`Content-Length: 0${length}`],
      ['Content-Length: 99999999999999999999'],
      [`Content-Length: ${length}\r\n ,0`],
      [`Content-Length:\t${length}`],
      ['Content-Length: '],
      [`Content_Length: ${length}`],
      [],
    ),
    2,
  );

const chunked = (text: string) =>
  fc
    .tuple(
      rarely(of(''), of(';a=b', ';', ';a="b\r\n"', ' ', ';\n', `;${'x'.repeat(4_000)}`, '\t;x')),
      rarely(of('\r\n'), of('\n', '\r', '', 'x\r\n'), 10),
      rarely(
        of('0\r\n\r\n'),
        of(
          '0\r\n',
          '00\r\n\r\n',
          '0\r\nX: y\r\n\r\n',
          '0\r\nContent-Length: 4\r\n\r\n',
          '0 \r\n\r\n',
          '-1\r\n\r\n',
          '0\n\n',
          '',
        ),
        5,
      ),
      rarely(
        of(text.length.toString(16)),
        of(
          `0${text.length.toString(16)}`,
          `0x${text.length.toString(16)}`,
          'ffffffffffffffff',
          '-1',
          'g',
          '',
          (text.length + 1).toString(16),
        ),
        6,
      ),
    )
    .map(([extension, ending, last, size]) => (text === '' ? last : `${size}${extension}${ending}${text}\r\n${last}`));

const request = content.chain((text) =>
  fc
    .tuple(line, headers, framing(text.length), end, rarely(of(false), of(true), 3))
    .chain(([first, others, told, ends, asChunks]) => {
      const isChunked = asChunks || told.some((each) => /chunked/i.test(each));
      return (isChunked ? chunked(text) : of(text)).map(
        (body) => `${[first, 'Host: a.example', ...others, ...told].join(ends)}${ends}${ends}${body}`,
      );
    }),
);
const sound = of(
  'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n{"query":"{__typename}"}'.replace(
    '22',
    '24',
  ),
);
const noise = fc.oneof(
  of('\r\n', '\n', '\0', '\x16\x03\x01\x02\0\x01\0', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  fc.string({ unit: 'binary-ascii', maxLength: 8 }),
);
const hurt = rarely(
  request,
  fc
    .tuple(request, fc.nat(300), fc.nat(3), noise)
    .map(([whole, at, less, more]) => `${whole.slice(0, at)}${more}${whole.slice(at + less)}`),
  4,
);
const bytes = fc
  .array(fc.oneof({ weight: 6, arbitrary: hurt }, { weight: 3, arbitrary: sound }, noise), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) => all.join(''));
/** Whole, cut in pieces, or ended in the middle. */
const parts = fc.oneof(
  { weight: 5, arbitrary: bytes.map((text) => [text]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(bytes, fc.integer({ min: 1, max: 400 }))
      .map(([text, at]) => [text.slice(0, at), text.slice(at)]),
  },
  fc
    .tuple(bytes, fc.integer({ min: 1, max: 60 }))
    .map(([text, size]) =>
      [0, 1, 2, 3].map((piece) => text.slice(piece * size, piece === 3 ? undefined : (piece + 1) * size)),
    ),
  fc.tuple(bytes, fc.nat(300)).map(([text, at]) => [text.slice(0, at)]),
);

export const httpCases: fc.Arbitrary<HttpCase> = fc.record({
  parts,
  end: rarely(of('keep open' as const, 'half close' as const), of('reset' as const)),
  readsLate: rarely(of(false), of(true)),
});
