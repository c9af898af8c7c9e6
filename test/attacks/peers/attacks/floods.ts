import type { Peer, PeerAttack, Reply } from '../peer.js';
import {
  cell,
  count,
  each,
  freshPassword,
  keyFor,
  links,
  plural,
  tally,
  told,
  unknownAddress,
  wrongKey,
} from './calls.js';

/** More than anybody needs, fewer than a stranger can send in a minute. */
const most = { requests: 300, keys: 1_000, signIns: 120 };

/** A reader of mails would not call as many a flood. */
const bearable = 10;

async function requests(peer: Peer, from?: string) {
  const { email } = await peer.account();
  const replies = await each(most.requests, 4, () => peer.requestReset(email, from ? { from } : {}));
  await peer.settled();
  const sent = links(peer, email).length;
  return cell(sent <= bearable, `${plural(sent, 'mail')}; ${tally(replies.map(({ verdict }) => verdict))}`);
}

/** After how many calls the caller was refused for their number. */
function untilLimited(replies: readonly Reply[]) {
  const passed = replies.length - count(replies, 'limited');
  const first = replies.findIndex(({ verdict }) => verdict === 'limited');
  const seen = tally(replies.map(({ verdict }) => verdict));
  return cell(
    first >= 0,
    first >= 0 ? `limited after ${first}; ${passed} of ${replies.length} were looked at` : `never limited; ${seen}`,
  );
}

interface Guessed {
  readonly email: string;
  readonly wrong: readonly string[];
  /** What the right password then brings a caller who has not called before. */
  readonly right: string;
}

/** Two rows look at the same flood. */
const guessed = new WeakMap<Peer, Promise<Guessed>>();

function guessedAt(peer: Peer): Promise<Guessed> {
  const flood = async () => {
    const { email, password } = await peer.account();
    const replies = await each(most.signIns, 2, () => peer.signIn(email, freshPassword()));
    const { verdict } = await peer.signIn(email, password);
    return { email, wrong: replies.map((reply) => reply.verdict), right: verdict };
  };
  const made = guessed.get(peer) ?? flood();
  guessed.set(peer, made);
  return made;
}

export const floods: readonly PeerAttack[] = [
  {
    title: `${most.requests} requests for one address, from one caller`,
    wanted: `at most ${bearable} mails`,
    run: (peer) => requests(peer, peer.stranger()),
  },
  {
    title: `${most.requests} requests for one address, from as many callers`,
    wanted: `at most ${bearable} mails`,
    run: (peer) => requests(peer),
  },
  {
    title: 'Five accounts in one request: aliases, arrays, a member again and again',
    wanted: 'at most one mail for a request',
    async run(peer) {
      const accounts = await each(5, 1, () => peer.account());
      const seen: string[] = [];
      for (const [name, request] of Object.entries(peer.several(accounts.map(({ email }) => email)))) {
        const before = links(peer).length;
        const { status } = await peer.send(request);
        await peer.settled();
        seen.push(`${name}: ${plural(links(peer).length - before, 'mail')} (${status})`);
      }
      return cell(!seen.some((each) => /: ([2-9]|\d\d+) mails/.test(each)), seen.join('; '));
    },
  },
  {
    title: `${most.keys} wrong keys from one caller`,
    wanted: 'limited at some number',
    async run(peer) {
      const from = peer.stranger();
      return untilLimited(await each(most.keys, 4, () => peer.reset(wrongKey(), freshPassword(), { from })));
    },
  },
  {
    title: `${most.signIns} wrong passwords for one account from one caller`,
    wanted: 'limited at some number',
    async run(peer) {
      const { email } = await peer.account();
      const from = peer.stranger();
      return untilLimited(await each(most.signIns, 2, () => peer.signIn(email, freshPassword(), { from })));
    },
  },
  {
    title: `The right password, guessed after ${most.signIns} wrong ones from as many callers`,
    wanted: 'it does not sign in: guesses at an account end at some number, wherever they come from',
    async run(peer) {
      const { wrong, right } = await guessedAt(peer);
      return cell(right !== 'done', `${tally(wrong)}; then the right one: ${right}`);
    },
  },
  {
    title: 'The owner after that flood, from a new browser, with the right password',
    wanted: 'signs in, or (in part) can reset the password and then sign in',
    async run(peer) {
      const { email, right } = await guessedAt(peer);
      if (right === 'done') return cell(true, 'signs in');
      const next = freshPassword();
      await peer.reset(await keyFor(peer, email), next);
      const after = await peer.signIn(email, next);
      const seen = `${right}; after a reset ${after.verdict}`;
      return after.verdict === 'done' ? { kind: 'in part', seen } : cell(false, seen);
    },
  },
];

/** The same calls for an address with an account and for one without, each pair from callers of their own. */
async function sequences(peer: Peer, call: (email: string, from: string) => Promise<Reply>): Promise<[string, string]> {
  const { email } = await peer.account();
  const each = async (address: string) => {
    const from = peer.stranger();
    const seen: string[] = [];
    for (let turn = 0; turn < 12; turn++) {
      const { verdict, answer } = await call(address, from);
      seen.push(`${verdict} ${answer.status}`);
    }
    return seen.join(',');
  };
  return [await each(email), await each(unknownAddress())];
}

export const limiters: readonly PeerAttack[] = [
  {
    title: 'The limiter asked who has an account: 12 requests, then 12 wrong passwords, known against unknown',
    wanted: 'the same answers in the same order',
    async run(peer) {
      const [known, unknown] = await sequences(peer, (email, from) => peer.requestReset(email, { from }));
      const [there, nowhere] = await sequences(peer, (email, from) => peer.signIn(email, freshPassword(), { from }));
      const isSame = known === unknown && there === nowhere;
      const short = (sequence: string) => tally(sequence.split(','));
      const seen = `requests ${short(known)}; sign-ins ${short(there)}`;
      return cell(isSame, isSame ? `the same: ${seen}` : `${seen}; unknown ${short(unknown)} and ${short(nowhere)}`);
    },
  },
  {
    title: 'X-Forwarded-For with another address in each of 40 wrong sign-ins from one caller',
    wanted: 'a figure: whether the caller is still limited (better-auth’s proxy sets the header anew)',
    async run(peer) {
      const { email } = await peer.account();
      const from = peer.stranger();
      const replies = await each(40, 1, (at) =>
        peer.signIn(email, freshPassword(), { from, headers: { 'x-forwarded-for': `198.51.100.${at}` } }),
      );
      return told(tally(replies.map(({ verdict }) => verdict)));
    },
  },
];
