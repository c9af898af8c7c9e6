import { isIP } from 'node:net';

type Range = readonly [first: bigint, last: bigint];

const share = 16n;
const mapped = 0xffffn << 32n;
/** Address spaces of the public internet, in which trusting too many addresses means believing strangers. */
const spaces: readonly { name: string; range: Range }[] = [
  { name: 'IPv4', range: [mapped, mapped + 0xffff_ffffn] },
  { name: '2000::/3', range: [1n << 125n, (1n << 126n) - 1n] },
];

/**
 * The name of the address space of which these networks together cover more than a sixteenth, or undefined. Overlaps
 * count once; IPv4 and IPv4 in IPv6 (`::ffff:0:0/96`, and what holds it) are one space, as for the proxy's address
 * itself.
 *
 * @param networks in CIDR notation, valid.
 */
export function tooWide(networks: readonly string[]): string | undefined {
  const ranges = merged(networks.map(rangeOf));
  return spaces.find(({ range }) => covered(ranges, range) * share > range[1] - range[0] + 1n)?.name;
}

function covered(ranges: readonly Range[], [low, high]: Range): bigint {
  return ranges.reduce((sum, [first, last]) => {
    const [from, to] = [first > low ? first : low, last < high ? last : high];
    return to < from ? sum : sum + (to - from + 1n);
  }, 0n);
}

function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const [first, last] of [...ranges].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const before = result.at(-1);
    if (before && first <= before[1]) result[result.length - 1] = [before[0], last > before[1] ? last : before[1]];
    else result.push([first, last]);
  }
  return result;
}

function rangeOf(network: string): Range {
  const [address = '', prefix = ''] = network.split('/');
  const isV4 = isIP(address) === 4;
  const bits = BigInt(isV4 ? 32 - Number(prefix) : 128 - Number(prefix));
  const first = ((isV4 ? mapped + numberOfV4(address) : numberOfV6(address)) >> bits) << bits;
  return [first, first + (1n << bits) - 1n];
}

const numberOfV4 = (address: string) => address.split('.').reduce((number, part) => (number << 8n) + BigInt(part), 0n);

function numberOfV6(address: string): bigint {
  // The URL parser writes the hexadecimal form, whatever the text was.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const [front, back] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...(tail === undefined ? [] : zeros), ...back].reduce(
    (number, group) => (number << 16n) + BigInt(`0x${group}`),
    0n,
  );
}
