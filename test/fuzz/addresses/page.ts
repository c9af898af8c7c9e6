import { counted, domainVectors, judgeVector, testedAddresses, vectorDifferences } from './corpora.js';
import { type Difference, differences } from './differences.js';
import { judgeAddress } from './fuzzer.js';

const head = `# Addresses

This page is made from \`test/fuzz/addresses/differences.ts\` by \`npm run fuzz -- page\`.

An address is read by one function ([email-address.ts](../../src/accounts/email-address.ts)), for sign-up, sign-in, import
and reset. \`npm run fuzz -- addresses\` compares it with a reference over generated texts: isemail 3.2.0 for the whole
address (RFC 5321, 5322, 6532), Node's \`domainToASCII\` for the domain (UTS 46). Both must accept or both refuse, and what we
store must be the local part in lower case and the domain in ASCII. The differences that are meant, and no others:
`;

/** The text of `docs/security/addresses.md`. */
export function addressesPage(): string {
  const [refused, accepted] = [
    table('We refuse, the reference accepts', 'refuses'),
    table('We accept, the reference refuses', 'accepts'),
  ];
  return `${head}${refused}${accepted}${corpora()}`;
}

/** What came of the texts that others test with. */
function corpora(): string {
  const addresses = testedAddresses().map(({ text }) => judgeAddress(text));
  const vectors = domainVectors().map((vector) => judgeVector(vector));
  const [ofAddresses, ofVectors] = [counted(addresses), counted(vectors)];
  const kinds = [...new Set([...Object.keys(ofAddresses), ...Object.keys(ofVectors)])].sort();
  const rows = kinds.map((kind) => `| ${kind} | ${ofAddresses[kind] ?? 0} | ${ofVectors[kind] ?? 0} |`);
  const newer = vectorDifferences.map(({ name, reason }) => `- ${name}: ${reason}`);
  return `
## Over the texts that others test with

The addresses are those of isemail's own tests (is_email of Dominic Sayers), the domains those of \`IdnaTest.txt\` for UTS 46
(Unicode 9.0, processing that is not transitional).

| result | ${addresses.length} addresses | ${vectors.length} domains |
|---|---|---|
${rows.join('\n')}

Domains that UTS 46 forbade in that version, and that are accepted:

${newer.join('\n')}
`;
}

function table(title: string, ours: Difference['ours']): string {
  const rows = differences
    .filter((each) => each.ours === ours)
    .map(({ name, example, reason }) => `| ${name} | \`${shown(example)}\` | ${reason} |`);
  return `\n## ${title}\n\n| what | for instance | why |\n|---|---|---|\n${rows.join('\n')}\n`;
}

/** With JavaScript's escapes where a character cannot be seen, without line breaks of the table's own, and not too long. */
function shown(example: string): string {
  const visible = example.replace(/[\p{C}\p{Z}\p{M}\u3002]/gu, (sign) =>
    sign === ' ' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return visible.length > 80 ? `${visible.slice(0, 40)}…${visible.slice(-12)}` : visible;
}
