import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A chunk of a PNG file. */
export function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG file of one colour. @param more chunks before the pixels */
export function png(width: number, height: number, [red, green, blue] = [11, 110, 79], more: Buffer = Buffer.alloc(0)) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([
    Buffer.from([0]),
    Buffer.from(Array(Math.min(width, 2_000)).fill([red, green, blue]).flat()),
  ]);
  const pixels = deflateSync(Buffer.concat(Array<Buffer>(Math.min(height, 2_000)).fill(row)));
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const [start, end] = [chunk('IHDR', header), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, start, more, chunk('IDAT', pixels), end]);
}

/** Writes files into a folder that the end of the test removes. @returns the folder */
export function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const { path, remove } = keptFolderOf(files);
  onTestFinished(remove);
  return path;
}

/** Writes files into a folder for several tests. */
export function keptFolderOf(files: Readonly<Record<string, string | Buffer>>): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-brand-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
