import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { WrongForm } from './wrong-form.js';

/** The file or pipe could not be read further; the records before that are complete. */
export class SourceBroken extends Error {
  override name = 'SourceBroken';
}

/** Bytes at the start within which the form is recognized, if the first line is not shorter. */
const headSize = { least: 64, most: 4_096 } as const;
/**
 * Accounts without a hash shrink to a twentieth, those with one to a half; so what grows more than this, beyond the
 * first bytes, is no export (DEFLATE reaches a factor of 1,032).
 */
const mostGrowth = { factor: 200, from: 16 * 1024 * 1024 } as const;

/** A file whose first bytes are known. */
export interface Opened {
  readonly head: Buffer;
  readonly isPacked: boolean;
  /** The whole file, decompressed. @throws SourceBroken, WrongForm */
  readonly bytes: AsyncGenerator<Buffer>;
}

/**
 * Reads the first bytes of a file, and decompresses it if it is gzip.
 *
 * @throws SourceBroken when the file cannot be read, or gzip is cut or damaged.
 */
export async function open(source: AsyncIterable<Uint8Array>): Promise<Opened> {
  const raw = await peek(chunksOf(source), (head) => head.length >= 2);
  const isPacked = raw.head[0] === 0x1f && raw.head[1] === 0x8b;
  const plain = isPacked ? unpacked(raw.all) : raw.all;
  const { head, all } = await peek(
    plain,
    (bytes) => bytes.length >= headSize.most || (bytes.length >= headSize.least && bytes.includes(0x0a)),
  );
  return { head, isPacked, bytes: all };
}

/** Passes a stream on; what breaks it becomes SourceBroken. */
export async function* chunksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  } catch (cause) {
    if (cause instanceof SourceBroken || cause instanceof WrongForm) throw cause;
    throw new SourceBroken('the file cannot be read on', { cause });
  }
}

/** Reads until the head is enough. @returns the head, and the whole stream with it. */
async function peek(
  source: AsyncGenerator<Buffer>,
  isEnough: (head: Buffer) => boolean,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  let head: Buffer = Buffer.alloc(0);
  let isOver = false;
  while (!isOver && !isEnough(head)) {
    const { value, done } = await source.next();
    isOver = done === true;
    if (value) head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  async function* all() {
    if (head.length > 0) yield head;
    if (!isOver) yield* source;
  }
  return { head, all: all() };
}

/** Constant memory, whatever the file grows to. */
async function* unpacked(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let [packed, plain] = [0, 0];
  async function* counted() {
    for await (const chunk of source) {
      packed += chunk.length;
      yield chunk;
    }
  }
  const gunzip = pipeline(Readable.from(counted()), createGunzip(), () => undefined);
  for await (const chunk of chunksOf(gunzip)) {
    plain += chunk.length;
    if (plain > mostGrowth.from && plain > packed * mostGrowth.factor) {
      throw new WrongForm(
        `the file is no export: its gzip grows to more than ${mostGrowth.factor} times its size (seen after ${plain} bytes)`,
      );
    }
    yield chunk;
  }
}
