import { describe, expect, it } from 'vitest';
import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { counted, domainVectors, judgeVector, testedAddresses, vectorDifferences } from './corpora.js';
import { judgeAddress } from './fuzzer.js';
import { isAccepted, readByReference } from './reference.js';

const addresses = testedAddresses();
const vectors = domainVectors();

describe('the addresses that isemail is tested with', () => {
  it('are read as the reference reads them, but for the listed differences', () => {
    expect(addresses).toHaveLength(174);
    const counts = counted(addresses.map(({ text }) => judgeAddress(text)));
    expect(counts['both accept']).toBe(20);
    expect(counts['both refuse']).toBe(133);
  });

  it('are read by the reference of today as by that of then, but for two', () => {
    const otherwise = addresses.filter(
      ({ text, diagnosis }) => isAccepted(readByReference(text).diagnosis) !== isAccepted(diagnosis),
    );
    // RFC 5321 has this form for one group no longer; and characters beyond ASCII may be quoted since RFC 6532.
    expect(otherwise.map(({ text }) => text)).toEqual([
      'test@[IPv6:1111:2222:3333:4444:5555:6666::8888]',
      '"test\\©"@iana.org',
    ]);
  });
});

describe('the vectors of UTS 46', () => {
  it('are read as they say, but for the listed differences', () => {
    expect(vectors).toHaveLength(3_788);
    const counts = counted(vectors.map((vector) => judgeVector(vector)));
    expect(counts['both accept']).toBe(260);
    for (const { name } of vectorDifferences) expect(counts[`accepted: ${name}`], name).toBeGreaterThan(0);
  });

  it.each<[string, (text: string) => string | undefined, RegExp]>([
    ['takes what is forbidden', (text) => parseEmailAddress(text) ?? 'a@b.example', /UTS 46 forbids/],
    ['refuses what is allowed', () => undefined, /UTS 46 allows/],
    ['reads another domain', (text) => parseEmailAddress(text)?.replace('xn--', ''), /another one than by UTS 46/],
  ])('find a parser that %s', (_what, parse, why) => {
    const all = () => vectors.map((vector) => judgeVector(vector, parse));
    expect(all).toThrow(why);
  });
});
