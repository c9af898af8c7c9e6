import { isIP } from 'node:net';
import { isAccepted, isOddDomain, isTooLong, type Reading } from './reference.js';

/** A kind of texts about which our parser and the reference disagree, on purpose. */
export interface Difference {
  readonly name: string;
  /** What our parser does with such a text where the reference does the opposite. */
  readonly ours: 'refuses' | 'accepts';
  /** Whether a text is of this kind; says nothing about our parser's answer. */
  readonly holds: (reading: Reading) => boolean;
  readonly example: string;
  readonly reason: string;
}

/** What URL parsers and relays read as the last label of an IPv4 address. */
const numeric = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i;
const hostLabels = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const outerHyphen = /(?:^|\.)-|-(?:\.|$)/;
const labels = ({ ascii }: Reading) => ascii.split('.');
const isEncoded = (label: string) => label.toLowerCase().startsWith('xn--');
const isLongOutside = ({ ascii, local }: Reading) =>
  ascii.length > 253 || local.length + 1 + ascii.length > 254 || ascii.split('.').some((label) => label.length > 63);

/**
 * Every kind of difference. A text of a kind that is refused must be refused, whatever the reference says; a text that
 * only the reference refuses must be of a kind that is accepted. So the list is the whole specification beside the
 * reference, and an entry that is too wide fails as well as one that is missing.
 */
export const differences: readonly Difference[] = [
  {
    name: 'a quoted local part',
    ours: 'refuses',
    holds: ({ local }) => local.startsWith('"'),
    example: '"alice"@example.com',
    reason:
      'Two spellings of one mailbox (`"a"` and `a`) would be two accounts, and a quoted text may hold what mail programs read as something else (RFC 5321 4.1.2 advises against addresses that need quotes).',
  },
  {
    name: 'an address literal',
    ours: 'refuses',
    holds: ({ domain }) => domain.startsWith('['),
    example: 'a@[127.0.0.1]',
    reason:
      'A mail to a bare IP address goes past the MX records, and to machines of the inner network (RFC 5321 4.1.3).',
  },
  {
    name: 'a source route in the local part (`%`, `!`)',
    ours: 'refuses',
    holds: ({ local }) => /[%!]/.test(local),
    example: 'a%evil.example@example.com',
    reason: 'Old relays send such a mail on to another host (RFC 1123 5.2.16).',
  },
  {
    name: 'the beginning of an encoded word (`=?`)',
    ours: 'refuses',
    holds: ({ local }) => local.includes('=?'),
    example: '=?x?q?a=40evil=3e?=@example.com',
    reason: 'Some mail programs decode it even in an address, which makes it another one (RFC 2047 5 forbids that).',
  },
  {
    name: 'a local part that is not ASCII',
    ours: 'refuses',
    holds: ({ local }) => /[^\p{ASCII}]/u.test(local),
    example: 'zoë@example.com',
    reason:
      'Unicode has several spellings for one mailbox and no rule says which are equal (RFC 6532 3.1 only advises NFC): docs/decisions/ascii-local-parts.md.',
  },
  {
    name: 'an IP address as a number',
    ours: 'refuses',
    holds: ({ domain, ascii }) => isIP(ascii) !== 0 || numeric.test(domain),
    example: 'a@127.1',
    reason:
      'URL parsers and relays read a domain whose last label is a number as an IPv4 address; no top-level domain is one (RFC 3696 2).',
  },
  {
    name: 'an `xn--` label that encodes nothing',
    ours: 'refuses',
    holds: ({ domain, ascii }) => ascii === '' && domain.split(/[.\u3002\uff0e\uff61]/u).some(isEncoded),
    example: 'a@xn--zn7c.example',
    reason:
      'RFC 5891 5.4 and UTS 46 4: a label that says it is encoded must decode to one that may be encoded. The reference does not decode.',
  },
  {
    name: 'a domain that UTS 46 refuses',
    ours: 'refuses',
    holds: ({ ascii }) => ascii === '',
    example: 'a@\u0378.example',
    reason:
      'Characters that are not assigned or disallowed, marks at the start, a mix of directions (RFC 5893): such a name cannot be registered or looked up. The reference does not know these rules.',
  },
  {
    name: 'an invisible character in the domain',
    ours: 'refuses',
    holds: ({ domain }) => /\p{Cf}/u.test(domain),
    example: 'a@exam\u200bple.com',
    reason:
      'UTS 46 drops soft hyphens, joiners and the like, or keeps them where nobody sees them: an address that looks like another one. The few names that need a joiner can be given in their `xn--` form.',
  },
  {
    name: 'a domain that becomes one with an empty label, an outer hyphen or another character',
    ours: 'refuses',
    holds: ({ ascii, shown }) => ascii.includes('.') && (!hostLabels.test(ascii) || outerHyphen.test(shown)),
    example: 'a@example\u3002',
    reason:
      'The dots U+3002, U+FF0E and U+FF61 separate labels, fullwidth signs become ASCII, and then the rules of host names hold (RFC 1123 2.1), also for what an `xn--` label shows (RFC 5891 4.2.3.1). The reference takes the dots for letters, and does not decode.',
  },
  {
    name: 'one label',
    ours: 'refuses',
    holds: (reading) => labels(reading).length < 2,
    example: 'a@localhost',
    reason: 'A name without a dot is looked up in the inner network; no public mail domain is one (RFC 7085).',
  },
  {
    name: 'too long when its domain is in ASCII',
    ours: 'refuses',
    holds: isLongOutside,
    example: `a@${'㍿'.repeat(16)}.example`,
    reason:
      'RFC 5321 4.5.3.1 and RFC 1035 2.3.4 count the octets that are sent: 63 a label, 253 a domain, 254 an address. The reference counts before the mapping, and 255 for a domain.',
  },
  {
    name: 'outer spaces',
    ours: 'accepts',
    holds: ({ text, bare, diagnosisOfBare }) => text !== bare && isAccepted(diagnosisOfBare),
    example: ' alice@example.com ',
    reason: 'Forms and copied texts have them. Spaces only: no tab, line end or other white space.',
  },
  {
    name: 'a character from U+0080 to U+00BF that UTS 46 maps',
    ours: 'accepts',
    holds: ({ domain, diagnosisOfBare }) => isOddDomain(diagnosisOfBare) && /[\u0080-\u00bf]/u.test(domain),
    example: 'a@m².example',
    reason: 'UTS 46 makes `m2.example` of it, as browsers do; the reference knows no letters below U+00C0.',
  },
  {
    name: 'shorter when its domain is in ASCII',
    ours: 'accepts',
    holds: (reading) => isTooLong(reading.diagnosisOfBare) && !isLongOutside(reading),
    example: `a@example.${'क'.repeat(22)}`,
    reason: 'The reference counts the last label in octets of UTF-8, and others before the mapping.',
  },
];
