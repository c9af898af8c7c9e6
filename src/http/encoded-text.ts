import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { acceptedIn } from './accepted.js';

/** In our order of preference. */
const encodings = ['br', 'gzip', 'identity'] as const;
export type Encoding = (typeof encodings)[number];

/** A text in every encoding that is served. Compress nothing that holds both a secret and what a stranger sent (BREACH). */
export type EncodedText = Readonly<Record<Encoding, { readonly bytes: Buffer; readonly etag: string }>>;

const compress = { br: promisify(brotliCompress), gzip: promisify(gzip) };

/** Compresses as far as it goes, for what is sent many times: 15 ms for 6 kB, beside the event loop. */
export async function encoded(text: string | Buffer): Promise<EncodedText> {
  const plain = Buffer.from(text);
  const params = { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT };
  const [br, gz] = await Promise.all([compress.br(plain, { params }), compress.gzip(plain, { level: 9 })]);
  return { br: tagged(br), gzip: tagged(gz), identity: tagged(plain) };
}

/** Reads `file`, `file.br` and `file.gz`, as the build wrote them. */
export async function encodedFile(file: string): Promise<EncodedText> {
  const [br, gzip, identity] = await Promise.all([readFile(`${file}.br`), readFile(`${file}.gz`), readFile(file)]);
  return { br: tagged(br), gzip: tagged(gzip), identity: tagged(identity) };
}

function tagged(bytes: Buffer): EncodedText[Encoding] {
  return { bytes, etag: `"${fingerprint(bytes)}"` };
}

/** 12 characters that tell one text from another, for its name in a URL and its ETag. */
export function fingerprint(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12);
}

/** Answers in the best encoding that the caller takes, or with 304 if the caller has just that (RFC 9110, 13.1.2). */
export function sendEncoded(reply: FastifyReply, text: EncodedText): FastifyReply {
  const { headers } = reply.request;
  const encoding = chooseEncoding(headers['accept-encoding']);
  const { bytes, etag } = text[encoding];
  reply.header('vary', [reply.getHeader('vary'), 'Accept-Encoding'].filter(Boolean).join(', ')).header('etag', etag);
  if (knows(headers['if-none-match'], etag)) return reply.code(304).send();
  return (encoding === 'identity' ? reply : reply.header('content-encoding', encoding)).send(bytes);
}

/** By the `Accept-Encoding` header (RFC 9110, 12.5.3); `identity` when the client takes nothing of ours. */
export function chooseEncoding(accept: string | undefined): Encoding {
  const accepted = acceptedIn(accept ?? '');
  const qualityOf = (encoding: Encoding) => {
    const named = accepted.find(({ name }) => name === encoding || name === `x-${encoding}`);
    return (named ?? accepted.find(({ name }) => name === '*'))?.quality ?? 0;
  };
  // Of two that are equally welcome the smaller one; a client that only ranks `identity` higher asks for it.
  const [best = 'identity'] = encodings
    .filter((encoding) => qualityOf(encoding) > 0)
    .sort((one, other) => qualityOf(other) - qualityOf(one));
  return best;
}

/** A proxy that compresses by itself marks our tag as weak; the comparison is the weak one, as the RFC says. */
function knows(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
