import { randomBytes } from 'node:crypto';
import type { InboxMail } from '../../../../src/dev/inbox/inbox.js';
import { eventually } from '../../../support/eventually.js';
import type { Account, Cell, Peer, Reply, Verdict } from '../peer.js';

/** Passwords that every peer takes, each another. */
export function freshPassword(): string {
  return `quite new words ${randomBytes(6).toString('hex')}`;
}

export function unknownAddress(): string {
  return `nobody-${randomBytes(6).toString('hex')}@mail.example`;
}

export const wrongKey = () => randomBytes(32).toString('base64url');

/** Mails with a key, to one address or to all. */
export function links(peer: Peer, email?: string): InboxMail[] {
  return peer.mails().filter((mail) => peer.keyOf(mail) !== '' && (!email || mail.envelope.to.includes(email)));
}

/** The owner asks for a link and reads the key in the mail. @throws Error if none comes within 30 s. */
export async function keyFor(peer: Peer, email: string): Promise<string> {
  const before = links(peer, email).length;
  await peer.requestReset(email);
  const mails = await eventually(
    () => links(peer, email),
    (found) => found.length > before,
    30_000,
  );
  return peer.keyOf(mails.at(-1) ?? { text: '', html: '' });
}

export async function withKey(peer: Peer): Promise<Account & { key: string }> {
  const account = await peer.account();
  return { ...account, key: await keyFor(peer, account.email) };
}

export function cell(holds: boolean, seen: string): Cell {
  return { kind: holds ? 'holds' : 'does not hold', seen };
}

export const told = (seen: string): Cell => ({ kind: 'told', seen });

/** Makes calls, some at a time. */
export async function each<T>(count: number, atATime: number, call: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const run = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await call(index);
  };
  await Promise.all(Array.from({ length: atATime }, run));
  return results;
}

/** `3 done, 17 refused`, the most frequent first. */
export function tally(verdicts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const verdict of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ');
}

export function count(replies: readonly Reply[], wanted: Verdict): number {
  return replies.filter(({ verdict }) => verdict === wanted).length;
}

export const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
