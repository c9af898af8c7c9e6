import type { Socket } from 'node:net';

/** Bytes. The shortest request has 18, so one slice holds at most 28 requests of a connection that sends too many. */
const slice = 512;

/**
 * Feeds Node's HTTP parser in slices. Otherwise it gets all that one read brought, up to 64 KiB, and makes objects for
 * every request in there before the connection can be ended, even after the socket was destroyed: up to 2,400 requests
 * and 10 MB for each connection. Adding a `data` listener takes the reading back from the parser, as Node documents.
 */
export function readInSlices(socket: Socket): void {
  const [parse] = socket.listeners('data') as ((chunk: Buffer) => void)[];
  if (!parse) return;
  socket.removeListener('data', parse);
  socket.on('data', (chunk: Buffer) => {
    for (let start = 0; start < chunk.length && !socket.destroyed; start += slice) {
      parse.call(socket, chunk.subarray(start, start + slice));
    }
  });
}
