import { randomUUID } from 'node:crypto';
import type { CredentialEvent } from '../../events/event.js';
import { isTaken, type Receiver } from '../../events/receiver.js';
import { CommandFailure } from '../failure.js';

/**
 * Sends each receiver a test event, signed as all others, and prints a line for each: its host, the answer, the time.
 *
 * @returns the exit code: 1 unless every receiver took it.
 * @throws CommandFailure when there is no receiver.
 */
export async function testReceivers(
  receivers: readonly Pick<Receiver, 'name' | 'send'>[],
  print: (line: string) => void,
): Promise<number> {
  if (receivers.length === 0) throw new CommandFailure('EVENTS_URL is not set, so nobody is told of events');
  const { signal } = new AbortController();
  const accountId = '00000000-0000-0000-0000-000000000000';
  const taken = await Promise.all(
    receivers.map(async (receiver) => {
      const at = new Date().toISOString();
      const event: CredentialEvent = { id: randomUUID(), type: 'latchkey.test', accountId, at, sequence: 0 };
      const sent = await receiver.send(event, signal);
      if (sent.kind === 'Resting') return false;
      const answer = sent.kind === 'Answered' ? `answered ${sent.status}` : `failed (${sent.code})`;
      print(`${receiver.name} ${answer} after ${sent.ms} ms${isTaken(sent) ? '' : ': not taken'}`);
      return isTaken(sent);
    }),
  );
  return taken.every(Boolean) ? 0 : 1;
}
