import { json } from '../../attack.js';
import type { Cell, Peer, PeerAttack, Reply } from '../peer.js';
import { cell, keyFor, tally, withKey } from './calls.js';

const mib = 1_024 * 1_024;

/** A server may close the connection of a body that it does not want. */
async function attempt(call: () => Promise<Reply>): Promise<string> {
  const start = Date.now();
  const seen = await call()
    .then(({ verdict, answer }) => `${verdict} ${answer.status}`)
    .catch((error: Error) => `closed (${'code' in error ? error.code : error.message})`);
  return `${seen} in ${Date.now() - start} ms`;
}

async function large(peer: Peer, calls: Readonly<Record<string, () => Promise<Reply>>>): Promise<Cell> {
  const seen: string[] = [];
  for (const [name, call] of Object.entries(calls)) seen.push(`${name} ${await attempt(call)}`);
  const { email, password } = await peer.account();
  const { verdict } = await peer.signIn(email, password);
  const isWell = verdict === 'done' && !seen.some((each) => / (?:done|failed) /.test(each));
  return cell(isWell, `${seen.join('; ')}${verdict === 'done' ? '' : `; afterwards a sign-in is ${verdict}`}`);
}

/** 42 letters of two bytes each, more than the 72 bytes that bcrypt reads. */
const start = 'съешь ещё этих мягких французских булок да выпей';

export const sizes: readonly PeerAttack[] = [
  {
    title: 'A password of 1 MiB: reset with a valid key, sign-in',
    wanted: 'rejected, no fault of the server',
    async run(peer) {
      const { email, key } = await withKey(peer);
      const long = 'p'.repeat(mib);
      return large(peer, { reset: () => peer.reset(key, long), 'sign-in': () => peer.signIn(email, long) });
    },
  },
  {
    title: 'A body of 10 MiB',
    wanted: 'rejected or closed, no fault of the server',
    run: (peer) => large(peer, { request: () => peer.requestReset(`${'a'.repeat(10 * mib)}@mail.example`) }),
  },
  {
    title: 'A password of more than 72 bytes with another end',
    wanted: 'does not sign in: the whole password counts, or too long ones are refused',
    async run(peer) {
      const { email, key } = await withKey(peer);
      const set = await peer.reset(key, `${start} one`);
      if (set.verdict !== 'done') return cell(set.verdict === 'rejected', `not taken: ${set.verdict}`);
      const { verdict } = await peer.signIn(email, `${start} two`);
      return cell(verdict === 'refused', verdict === 'done' ? 'signs in with another end' : verdict);
    },
  },
  {
    title: 'Common passwords for a reset: password, 12345678, qwertyuiop, iloveyou, the address',
    wanted: 'rejected',
    async run(peer) {
      const { email } = await peer.account();
      const verdicts: string[] = [];
      for (const common of ['password', '12345678', 'qwertyuiop', 'iloveyou', email]) {
        const account = common === email ? { email } : await peer.account();
        const { verdict } = await peer.reset(await keyFor(peer, account.email), common);
        verdicts.push(verdict);
      }
      return cell(!verdicts.includes('done'), tally(verdicts));
    },
  },
  {
    title: 'JSON that is none, nested 10,000 deep, or with __proto__',
    wanted: 'no fault of the server',
    async run(peer) {
      const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
      const bodies = ['{', 'null', '[]', '"', deep, '{"__proto__":{"email":"a@mail.example"}}', '\u0000'];
      const statuses: number[] = [];
      for (const body of bodies) {
        for (const request of Object.values(peer.several(['a@mail.example']))) {
          statuses.push((await peer.send({ ...request, headers: json, body })).status);
        }
      }
      return cell(!statuses.some((status) => status >= 500), tally(statuses.map(String)));
    },
  },
];
