import { domainToASCII, domainToUnicode } from 'node:url';
import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { Finding, type Fuzzer, pure } from '../fuzzer.js';
import { addressCases } from './cases.js';
import { differences } from './differences.js';
import { isAccepted, type Reading, readByReference } from './reference.js';

/** @param parse our parser; a test gives one with a fault. */
export function addresses(parse: (text: string) => string | undefined = parseEmailAddress): Fuzzer<string> {
  return pure('addresses', addressCases, (text) => judgeAddress(text, parse));
}

/** @returns whether both accept or refuse, or the name of the difference. @throws Finding */
export function judgeAddress(text: string, parse: (text: string) => string | undefined = parseEmailAddress): string {
  const reading = readByReference(text);
  const address = parse(text);
  const refusing = differences.find(({ ours, holds }) => ours === 'refuses' && holds(reading));
  if (address === undefined) {
    if (!isAccepted(reading.diagnosis)) return 'both refuse';
    if (refusing) return `refused: ${refusing.name}`;
    throw new Finding('an address is refused that the reference accepts, and no listed difference says why');
  }
  if (refusing) throw new Finding(`an address is accepted although it is ${refusing.name}`);
  expectSound(address, reading, parse);
  if (isAccepted(reading.diagnosis)) return 'both accept';
  const accepting = differences.find(({ ours, holds }) => ours === 'accepts' && holds(reading));
  if (accepting) return `accepted: ${accepting.name}`;
  throw new Finding('an address is accepted that the reference refuses, and no listed difference says why');
}

/** What is stored is plain, is what the reference makes of it, and is read as itself. */
function expectSound(address: string, { local, ascii }: Reading, parse: (text: string) => string | undefined): void {
  const lower = local.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (address !== `${lower}@${ascii}`) throw new Finding('an address is read as another one than by the reference');
  if (!/^[!-~]{1,64}@[a-z0-9.-]{3,253}$/.test(address)) throw new Finding('an accepted address is not plain ASCII');
  if (parse(address) !== address) throw new Finding('an accepted address is not read as itself');
  if (domainToASCII(domainToUnicode(ascii)) !== ascii) throw new Finding('a domain in Unicode is another domain');
}
