import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { domainToASCII } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { Finding } from '../fuzzer.js';
import { differences } from './differences.js';
import { readByReference } from './reference.js';

/** An address that others test their parsers with, and isemail's diagnosis of it. */
export interface TestedAddress {
  readonly text: string;
  readonly diagnosis: number;
}

/** A test vector of UTS 46: a domain, and its form in ASCII, or undefined where it has none. */
export interface DomainVector {
  readonly domain: string;
  readonly ascii: string | undefined;
  /** What is wrong with it, as `IdnaTest.txt` says it; empty where nothing is. */
  readonly faults: string;
}

const require = createRequire(import.meta.url);

/**
 * The corpus of Dominic Sayers' is_email, which later versions of isemail do not ship: the tests of isemail 1.1.1, loaded
 * without their test runner.
 */
export function testedAddresses(): readonly TestedAddress[] {
  const nothing = Object.assign(() => ({}), { skip: () => ({}) });
  const tests = createContext({ require: nothing, describe: nothing });
  runInContext(readFileSync(require.resolve('isemail-corpus/test/isemail.js'), 'utf8'), tests);
  const { expectations = [] } = tests as { expectations?: [string, number][] };
  return expectations.map(([text, diagnosis]) => ({ text, diagnosis }));
}

/** The vectors for processing that is not transitional (`IdnaTest.txt` of Unicode 9.0, in idna-uts46 1.1.0). */
export function domainVectors(): readonly DomainVector[] {
  return readFileSync(require.resolve('idna-uts46/test/IdnaTest.txt'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [kind, ...columns] = (line.split('#')[0] ?? '').split(';').map((column) => unescaped(column.trim()));
      if (kind !== 'B' && kind !== 'N') return [];
      const [domain = '', unicode = '', ascii = ''] = columns;
      const result = ascii || unicode || domain;
      const isFault = result.startsWith('[');
      return [{ domain, ascii: isFault ? undefined : result, faults: isFault ? result : '' }];
    });
}

const unescaped = (text: string) =>
  text.replace(/\\u([0-9a-f]{4})|\\x\{([0-9a-f]+)\}/gi, (_whole, four, any) =>
    String.fromCharCode(Number.parseInt(four ?? any, 16)),
  );

/** A kind of vector that we take although it has no form in ASCII. */
export interface VectorDifference {
  readonly name: string;
  readonly holds: (vector: DomainVector) => boolean;
  readonly reason: string;
}

const { toAscii } = require('idna-uts46') as { toAscii(domain: string): string };

/** Not equal, not less, not greater: forbidden for their decomposition until Unicode 15.1. */
const freed = new Set('\u2260\u226e\u226f');

/** Unicode 9.0, in which the vectors are written, does not know it or forbids it; the Unicode of Node allows it. */
function isNewer(character: string): boolean {
  if (domainToASCII(`a${character}a`) === '') return false;
  try {
    toAscii(character);
    return freed.has(character);
  } catch {
    return true;
  }
}

export const vectorDifferences: readonly VectorDifference[] = [
  {
    name: 'two hyphens in the third and fourth place',
    holds: ({ faults }) => faults === '[V2]',
    reason:
      'Such names exist, and browsers and resolvers look them up (UTS 46 4.1 leaves this rule to the caller, CheckHyphens); only `xn--` has a meaning.',
  },
  {
    name: 'a character that Unicode allows since 9.0',
    holds: ({ faults, domain }) => faults.includes('V6') && [...domain].some(isNewer),
    reason:
      'Each version assigns more characters, and names are registered with them; 15.1 allowed `\u2260`, `\u226e` and `\u226f`.',
  },
];

/**
 * Compares our parser with a vector, as the domain of an address.
 *
 * @param parse our parser; a test gives one with a fault.
 * @returns whether both accept or refuse, or the name of the difference.
 * @throws Finding for a difference that is not listed.
 */
export function judgeVector(
  vector: DomainVector,
  parse: (text: string) => string | undefined = parseEmailAddress,
): string {
  const text = `a@${vector.domain}`;
  const [address, reading] = [parse(text), readByReference(text)];
  if (address === undefined) {
    if (vector.ascii === undefined) return 'both refuse';
    const why = differences.find(({ ours, holds }) => ours === 'refuses' && holds(reading));
    if (why) return `refused: ${why.name}`;
    throw new Finding('a domain is refused that UTS 46 allows, and no listed difference says why');
  }
  if (vector.ascii === undefined) {
    const why = vectorDifferences.find(({ holds }) => holds(vector));
    if (why) return `accepted: ${why.name}`;
    throw new Finding('a domain is accepted that UTS 46 forbids, and no listed difference says why');
  }
  if (address !== `a@${vector.ascii}`) throw new Finding('a domain is read as another one than by UTS 46');
  return 'both accept';
}

/** How often each kind of result came. */
export function counted(kinds: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
