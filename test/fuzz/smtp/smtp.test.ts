import { describe, expect, it } from 'vitest';
import { keptCases } from '../seeds.js';
import { fuzz } from '../stretches.js';
import type { SmtpCase } from './cases.js';
import { type Send, smtp } from './fuzzer.js';

const size = { cases: 60, seed: 20_261_127, shrinking: 500 };

describe('the mailer', () => {
  it('ends with one of its outcomes, whatever a relay says, and calls no mail taken without its 250', async () => {
    const { findings, kinds } = await fuzz(smtp(), size);
    expect(findings).toEqual([]);
    expect(kinds.taken).toBeGreaterThan(0);
    expect(Object.keys(kinds).length).toBeGreaterThan(4);
  });

  it.each(keptCases<SmtpCase>('smtp'))('holds for a kept case: $why', async ({ case: each }) => {
    const target = await smtp().open({ measured: false });
    try {
      expect(await target.judge(each)).toEqual(expect.any(String));
    } finally {
      await target.close();
    }
  });
});

it.each<[string, Send, RegExp]>([
  ['a mail that is called taken without a dialogue', async () => undefined, /taken before its dot/],
  [
    'a reason that repeats an address',
    async () => ({ fault: 'passing', reason: 'alice@example.com', status: undefined, relayDown: true }),
    /a reason that is no name/,
  ],
  [
    'a status that repeats a reply',
    async () => ({ fault: 'passing', reason: 'smtp-550', status: '550 no such user', relayDown: true }),
    /a status that is none/,
  ],
  ['a crash', () => Promise.reject(new TypeError('not this')), /another error: TypeError/],
])('the judge of the mailer finds %s', async (_name, send, why) => {
  const { findings } = await fuzz(smtp(send), { ...size, cases: 5 });
  expect(findings.map((each) => each.why).join('\n')).toMatch(why);
});
