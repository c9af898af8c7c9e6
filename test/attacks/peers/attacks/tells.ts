import { randomBytes } from 'node:crypto';
import { tracesOf } from '../../attack.js';
import type { Peer, PeerAttack, Reply } from '../peer.js';
import { cell, freshPassword, told, unknownAddress, wrongKey } from './calls.js';

/** Headers that differ from answer to answer, whatever was asked. */
const own = /^(?:date|set-cookie|x-request-id|request-id|etag|vendure-auth-token)$/;

/** What a stranger can compare: status, body and headers, without what is new in every answer. */
function looks({ answer }: Reply, email: string): string {
  const headers = Object.entries(answer.headers).filter(([name]) => !own.test(name));
  const body = answer.body
    .replaceAll(email, '<address>')
    .replaceAll(/"(?:id|createdAt|updatedAt)":"[^"]*"/g, '"<own>"')
    .replaceAll(/"retryAfterSeconds":\d+/g, '"<seconds>"');
  const kept = headers.filter(([name]) => name !== 'content-length').map(([name, value]) => `${name}: ${value}`);
  return [answer.status, ...kept, body].join('\n');
}

async function compare(peer: Peer, call: (email: string) => Promise<Reply>) {
  const { email } = await peer.account();
  const nobody = unknownAddress();
  const known = await call(email);
  const unknown = await call(nobody);
  const isSame = looks(known, email) === looks(unknown, nobody);
  const short = ({ answer }: Reply) => `${answer.status} ${answer.body.slice(0, 110)}`;
  return cell(
    isSame,
    isSame ? `the same (${known.answer.status})` : `known ${short(known)}; unknown ${short(unknown)}`,
  );
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The chance that a value of one kind is above one of the other. */
function areaUnderCurve(high: readonly number[], low: readonly number[]): number {
  let wins = 0;
  for (const a of high) for (const b of low) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (high.length * low.length);
}

async function timed(peer: Peer, pairs: number, call: (email: string, from: string) => Promise<unknown>) {
  const accounts = await Promise.all(Array.from({ length: 4 }, () => peer.account()));
  const times = { known: [] as number[], unknown: [] as number[] };
  const once = async (kind: 'known' | 'unknown', email: string) => {
    const from = peer.stranger();
    const start = process.hrtime.bigint();
    await call(email, from);
    times[kind].push(Number(process.hrtime.bigint() - start) / 1e6);
  };
  for (let pair = 0; pair < pairs; pair++) {
    const known = () => once('known', accounts[pair % accounts.length]?.email ?? '');
    const unknown = () => once('unknown', unknownAddress());
    const isKnownFirst = (randomBytes(1)[0] ?? 0) < 128;
    for (const ask of isKnownFirst ? [known, unknown] : [unknown, known]) await ask();
  }
  await peer.settled();
  const [known, unknown] = [median(times.known), median(times.unknown)];
  const area = areaUnderCurve(times.known, times.unknown);
  return told(`known ${known.toFixed(2)} ms, unknown ${unknown.toFixed(2)} ms, AUC ${area.toFixed(3)}`);
}

export const tells: readonly PeerAttack[] = [
  {
    title: 'The answer to a request, known against unknown',
    wanted: 'the same status, headers and body',
    run: (peer) => compare(peer, (email) => peer.requestReset(email)),
  },
  {
    title: 'The time of a request, known against unknown: median of 200 pairs in random order',
    wanted: 'a figure: an AUC of 0.5 tells nothing; by chance up to 0.557 (95 %)',
    run: (peer) => timed(peer, 200, (email, from) => peer.requestReset(email, { from })),
  },
  {
    title: 'The answer to a wrong password, known against unknown',
    wanted: 'the same status, headers and body',
    run: (peer) => compare(peer, (email) => peer.signIn(email, freshPassword())),
  },
  {
    title: 'The time of a wrong password, known against unknown: median of 30 pairs in random order',
    wanted: 'a figure: by chance an AUC up to 0.647 (95 %)',
    run: (peer) => timed(peer, 30, (email, from) => peer.signIn(email, freshPassword(), { from })),
  },
  {
    title: 'Sign-up with an address that is taken, against a free one',
    wanted: 'the same status, headers and body',
    run: (peer) => compare(peer, (email) => peer.signUp(email, freshPassword())),
  },
  {
    title: 'The rejected value in the answer',
    wanted: 'no trace of it in answers that refuse it',
    async run(peer) {
      const canary = 'canary-7f3a91d2c4e8';
      const inputs = [canary, `${canary}@`, `${canary} @mail.example`, [canary], { [canary]: canary }];
      const replies = [
        ...(await Promise.all(inputs.map((input) => peer.requestReset(input)))),
        ...(await Promise.all(inputs.map((input) => peer.reset(input, freshPassword())))),
        ...(await Promise.all(inputs.map((input) => peer.reset(wrongKey(), input)))),
        ...(await Promise.all(inputs.map((input) => peer.signIn(input, input)))),
        await peer.requestReset('a@mail.example', { extra: { [canary]: canary } }),
      ];
      const echoed = replies.filter(({ answer }) => tracesOf(answer.body).length > 0);
      const example = echoed[0]?.answer.body.slice(0, 130) ?? '';
      return cell(echoed.length === 0, `${replies.length} inputs, ${echoed.length} echoed ${example}`.trim());
    },
  },
  {
    title: 'Introspection in production',
    wanted: 'refused',
    async run(peer) {
      const answer = await peer.introspect();
      if (!answer) return { kind: 'does not apply', seen: 'no GraphQL' };
      const isOpen = answer.body.includes('"types":[');
      return cell(
        !isOpen,
        isOpen ? `${answer.status}, ${answer.body.length} bytes of schema` : `refused (${answer.status})`,
      );
    },
  },
];
