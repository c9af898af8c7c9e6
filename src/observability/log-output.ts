import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import pino from 'pino';

/** Bytes that may wait for a slow reader or a full disk, about 4,000 lines. Further lines are lost and counted. */
const mostWaiting = 1024 * 1024;

/**
 * Opens standard output for log lines. If the disk is full, or the reader of a pipe has stopped or is gone, lines may
 * be lost, but the process goes on, with bounded memory and without delay (docs/decisions/log-lines-may-be-lost.md).
 *
 * @param onLost called for each lost line.
 * @param fd the file descriptor to write to.
 */
export function openLogOutput(onLost: () => void, fd = 1): pino.DestinationStream {
  const output = fstatSync(fd);
  return output.isFIFO() || output.isSocket() ? toReader(fd, onLost) : toFile(fd, onLost);
}

/**
 * Writes through the event loop: a write in the thread pool would occupy a thread while nobody reads, and would keep
 * the process from ending (measured: until it is killed).
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
 * Lines that could not be written are kept in order and written once there is room again. Not in the thread pool,
 * because at the end of the process the waiting lines would be tried for ever, so the process would not end.
 */
function toFile(fd: number, onLost: () => void): pino.DestinationStream {
  const file = pino.destination({ dest: fd, sync: true, maxLength: mostWaiting });
  file.on('drop', onLost);
  file.on('error', () => undefined);
  return file;
}
