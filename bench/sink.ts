import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from './child.js';
import { machineTime } from './process-figures.js';

/** A mail that was taken: its recipient, and when its 250 was written (`machineTime`). */
interface Taken {
  readonly to: string;
  readonly at: number;
}
let taken: Taken[] = [];
let bytes = 0;

/** A relay that takes every mail and keeps no text: as little work as SMTP allows. */
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined).setEncoding('latin1');
  socket.write('220 sink.bench.example ESMTP\r\n');
  let text = '';
  let to = '';
  let inBody = false;
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (;;) {
      const end = inBody ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n');
      if (end < 0) return;
      if (inBody) {
        bytes += end;
        inBody = false;
        taken.push({ to, at: machineTime() });
        socket.write('250 2.0.0 taken\r\n');
        text = text.slice(end + 5);
        continue;
      }
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      to = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1] ?? to;
      inBody = /^DATA$/i.test(line);
      answer(socket, line);
    }
  });
});

function answer(socket: Socket, line: string): void {
  if (/^EHLO /i.test(line)) socket.write('250-sink.bench.example\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n');
  else if (/^DATA$/i.test(line)) socket.write('354 go on\r\n');
  else if (/^QUIT$/i.test(line)) socket.end('221 2.0.0 bye\r\n');
  else socket.write('250 2.0.0 ok\r\n');
}

const tasks = {
  /** Listens on a free port. @returns the port. */
  async listen(_: object): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },

  async forget(_: object): Promise<void> {
    taken = [];
    bytes = 0;
  },

  /**
   * @returns when the first and the last mail came, and the mean bytes per mail.
   * @throws Error when the mails do not come within `withinMs`.
   */
  async wait({ mails, withinMs }: { mails: number; withinMs: number }) {
    const end = machineTime() + withinMs;
    while (taken.length < mails) {
      if (machineTime() > end) throw new Error(`${taken.length} of ${mails} mails came within ${withinMs} ms`);
      await sleep(5);
    }
    const [first, last] = [taken[0]?.at ?? 0, taken.at(-1)?.at ?? 0];
    return { count: taken.length, first, last, bytesPerMail: bytes / taken.length };
  },

  async list(_: object): Promise<Taken[]> {
    return taken;
  },
};
export type SinkTasks = typeof tasks;

answerCalls(tasks);
