import type { Socket } from 'node:net';

/** Bytes. The shortest request has 18, so a slice ends the look at a connection that asks too much after 28 of them. */
const slice = 512;

/**
 * Feeds Node's parser in slices. It is given what one read brought, up to 64 KiB, and makes a request and a response of
 * everything in there before anybody can end it: 2,400 of them, 10 MB for each connection, also after the socket was
 * destroyed. To listen to `data` takes the reading back from the parser, as Node documents for sockets of its server.
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
