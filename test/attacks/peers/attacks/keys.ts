import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer, PeerAttack, Session } from '../peer.js';
import { cell, count, each, freshPassword, keyFor, links, plural, tally, told, withKey } from './calls.js';

async function sessionOf(peer: Peer, email: string, password: string): Promise<Session> {
  const { session, answer } = await peer.signIn(email, password);
  if (!session) throw new Error(`sign-in: ${answer.status} ${answer.body.slice(0, 200)}`);
  return session;
}

export const keys: readonly PeerAttack[] = [
  {
    title: '20 parallel uses of one key, each with another password',
    wanted: 'one succeeds, and its password alone signs in',
    async run(peer) {
      const { email, key } = await withKey(peer);
      const passwords = Array.from({ length: 20 }, freshPassword);
      const replies = await Promise.all(passwords.map((password) => peer.reset(key, password)));
      const signIns = await each(passwords.length, 2, (at) => peer.signIn(email, passwords[at]));
      const valid = count(signIns, 'done');
      const done = count(replies, 'done');
      return cell(
        done === 1 && valid === 1,
        `${tally(replies.map(({ verdict }) => verdict))}; ${plural(valid, 'password')} valid`,
      );
    },
  },
  {
    title: 'A key used again after its success, with another password',
    wanted: 'refused',
    async run(peer) {
      const { key } = await withKey(peer);
      await peer.reset(key, freshPassword());
      const replies = await each(5, 1, () => peer.reset(key, freshPassword()));
      return cell(count(replies, 'done') === 0, tally(replies.map(({ verdict }) => verdict)));
    },
  },
  {
    title: 'Two keys for an account: the other one after one was used',
    wanted: 'refused',
    async run(peer) {
      const { email, key } = await withKey(peer);
      const second = await keyFor(peer, email);
      const used = await peer.reset(second, freshPassword());
      const { verdict } = await peer.reset(key, freshPassword());
      return cell(
        used.verdict === 'done' && verdict !== 'done',
        `newer key ${used.verdict}, then the older one ${verdict}`,
      );
    },
  },
  {
    title: 'An owner’s link after a stranger asked for another one',
    wanted: 'a figure: products differ on purpose, as more keys stay alive or a stranger can end the owner’s',
    async run(peer) {
      const { email, key } = await withKey(peer);
      await keyFor(peer, email);
      const { verdict } = await peer.reset(key, freshPassword());
      return told(verdict === 'done' ? 'the older link still works' : `the older link is ${verdict}`);
    },
  },
  {
    title: 'A key after the password was changed by its owner',
    wanted: 'refused',
    async run(peer) {
      const { email, password, key } = await withKey(peer);
      const session = await sessionOf(peer, email, password);
      const changed = await peer.changePassword(session, password, freshPassword());
      if (changed.verdict !== 'done') throw new Error(`change: ${changed.answer.body.slice(0, 200)}`);
      const { verdict } = await peer.reset(key, freshPassword());
      return cell(verdict !== 'done', verdict === 'done' ? 'the key still sets a password' : verdict);
    },
  },
  {
    title: 'A key after its end, with a life of one second',
    wanted: 'refused',
    async run(_peer, again, shortest) {
      const peer = await again({ keySeconds: shortest });
      try {
        const { key } = await withKey(peer);
        await sleep((shortest + 2) * 1_000);
        const { verdict } = await peer.reset(key, freshPassword());
        return cell(verdict !== 'done', verdict);
      } finally {
        await peer.close();
      }
    },
  },
  {
    title: 'The key in the stores, as it stands in the mail',
    wanted: 'not found: only a digest is stored',
    async run(peer) {
      const { key } = await withKey(peer);
      await peer.settled();
      const isThere = (await peer.stored()).includes(key);
      return cell(!isThere, isThere ? 'found in plain text' : 'not found');
    },
  },
  {
    title: 'A session’s token in the stores, as the client sends it',
    wanted: 'not found',
    async run(peer) {
      const { email, password } = await peer.account();
      const session = await sessionOf(peer, email, password);
      const [value = ''] = Object.values(session);
      const stored = await peer.stored();
      const parts = decodeURIComponent(value)
        .split(/[\s.=]/)
        .filter((part) => part.length >= 24);
      const isThere = parts.some((part) => stored.includes(part));
      return cell(!isThere, isThere ? 'found in plain text' : 'not found');
    },
  },
  {
    title: 'A link checker that opens the link with GET and HEAD before the owner',
    wanted: 'the key still works',
    async run(peer) {
      const { email, key } = await withKey(peer);
      const mail = links(peer, email).at(-1);
      const found = `${mail?.text}\n${mail?.html}`.match(/https:\/\/[^\s"<>]+/g) ?? [];
      const urls = found.map((each) => new URL(each.replaceAll(/&#x3D;/gi, '=').replaceAll('&amp;', '&')));
      for (const { pathname, search } of urls) {
        for (const method of ['HEAD', 'GET']) await peer.send({ method, path: pathname + search });
      }
      const { verdict } = await peer.reset(key, freshPassword());
      return cell(verdict === 'done', verdict === 'done' ? 'the key still works' : verdict);
    },
  },
];

export const sessions: readonly PeerAttack[] = [
  {
    title: 'A session from before the reset, afterwards',
    wanted: 'ended',
    async run(peer) {
      const { email, password } = await peer.account();
      const session = await sessionOf(peer, email, password);
      const key = await keyFor(peer, email);
      await peer.reset(key, freshPassword());
      const isGood = await peer.isSignedIn(session);
      return cell(!isGood, isGood ? 'still signed in' : 'ended');
    },
  },
  {
    title: 'The old password after the reset',
    wanted: 'refused',
    async run(peer) {
      const { email, password, key } = await withKey(peer);
      const next = freshPassword();
      await peer.reset(key, next);
      const old = await peer.signIn(email, password);
      const now = await peer.signIn(email, next);
      return cell(old.verdict === 'refused' && now.verdict === 'done', `old ${old.verdict}, new ${now.verdict}`);
    },
  },
  {
    title: 'A mail that tells the owner of the change',
    wanted: 'one mail',
    async run(peer) {
      const { email, key } = await withKey(peer);
      const toOwner = () => peer.mails().filter(({ envelope }) => envelope.to.includes(email)).length;
      await peer.settled();
      const before = toOwner();
      await peer.reset(key, freshPassword());
      await peer.settled();
      const more = toOwner() - before;
      return cell(more === 1, plural(more, 'mail'));
    },
  },
];
