import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpCase } from './cases.js';

/** Milliseconds between two parts, before a late reader reads, and of silence after which no more answers are awaited. */
const pauses = { part: 2, late: 20, silence: 40 } as const;

/**
 * Writes the case's bytes to a new connection. @returns what the server sent until it closed, or fell silent: nothing
 * is lost by not waiting for longer, because the judge asks for no answer, and finds fault with those that came.
 */
export async function exchange(url: string, { parts, end, readsLate }: HttpCase, expected: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }).setNoDelay();
  let received = '';
  const ended = new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, 1_000);
    const waitOn = (milliseconds: number) => {
      clearTimeout(timer);
      timer = setTimeout(resolve, milliseconds);
    };
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      waitOn(answersIn(received).length >= expected ? 5 : pauses.silence);
    });
    socket.on('drain', () => waitOn(pauses.silence));
    socket.on('error', () => resolve());
    socket.on('end', () => resolve());
    socket.on('close', () => resolve());
    void (async () => {
      if (readsLate) socket.pause();
      for (const part of parts) {
        if (socket.destroyed) break;
        socket.write(Buffer.from(part, 'latin1'));
        if (parts.length > 1) await sleep(pauses.part);
      }
      if (end === 'half close') socket.end();
      if (end === 'reset') socket.resetAndDestroy();
      if (readsLate) await sleep(pauses.late);
      socket.resume();
      waitOn(pauses.silence);
    })();
  });
  await ended;
  socket.destroy();
  return received;
}

/** The status of each answer; those that only announce another one (1xx) do not count. */
export function answersIn(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
}
