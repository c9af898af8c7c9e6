import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import pino from 'pino';

/** Bytes that may wait for a slow reader or a full disk; about 4,000 lines. What comes beyond is lost, and counted. */
const mostWaiting = 1024 * 1024;

/**
 * Where the log lines go: standard output, whatever it is. A full disk, a reader that stopped reading or one that is
 * gone may cost lines, but never the process, its memory or an answer.
 *
 * @param onLost called for each line that was given up.
 */
export function openLogOutput(onLost: () => void, fd = 1): pino.DestinationStream {
  const output = fstatSync(fd);
  return output.isFIFO() || output.isSocket() ? toReader(fd, onLost) : toFile(fd, onLost);
}

/**
 * Through the event loop: a write in the thread pool would take a thread for as long as nobody reads, and keep the
 * process from ending (measured: until it is killed).
 */
function toReader(fd: number, onLost: () => void): pino.DestinationStream {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  return {
    write(line) {
      if (socket.writableLength > mostWaiting) onLost();
      else socket.write(line, (error) => error && onLost());
    },
  };
}

/**
 * What could not be written stays first in line: it is written once there is room again. Not in the thread pool, because
 * what waits at the end would be tried for ever, and the process never end.
 */
function toFile(fd: number, onLost: () => void): pino.DestinationStream {
  const file = pino.destination({ dest: fd, sync: true, maxLength: mostWaiting });
  file.on('drop', onLost);
  file.on('error', () => undefined);
  return file;
}
