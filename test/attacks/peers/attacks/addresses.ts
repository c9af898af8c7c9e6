import { randomBytes } from 'node:crypto';
import type { InboxMail } from '../../../../src/dev/inbox/inbox.js';
import type { Peer, PeerAttack } from '../peer.js';
import { cell, links, plural } from './calls.js';

const stranger = 'stranger@evil.example';

/** What reaches a mailbox that is not the account's, if the address is taken as it was typed. */
function spellings(email: string): unknown[] {
  const [local = '', domain = ''] = email.split('@');
  return [
    email.toUpperCase(),
    email.replace('k', '\u212a'),
    email.replace('s', '\u017f'),
    email.replace('i', '\u0131'),
    email.replace('i', '\u0130'),
    email.replace('k', '\uff4b'),
    `${local}@${domain.replace('i', '\u0131')}`,
    `${local}@${domain.replace('k', '\u212a')}`,
    `${local}@\uff4da\u0131l-kiss.example`,
    `${local}\u200b@${domain}`,
    `"${local}"@${domain}`,
    `${local}+tag@${domain}`,
    `${local}@${domain}.`,
    `${local}(comment)@${domain}`,
    ` ${email} `,
    `${email}\u0000`,
    `${email}\u0000.evil.example`,
    `${local.normalize('NFD')}\u0301@${domain}`,
  ];
}

function several(email: string): unknown[] {
  return [
    [email, stranger],
    [stranger, email],
    { email, and: stranger },
    { 0: email, 1: stranger },
    `${email},${stranger}`,
    `${stranger}, ${email}`,
    `${email};${stranger}`,
    `${email} ${stranger}`,
    `${email}\r\nBcc: ${stranger}`,
    `${email}\nTo: ${stranger}`,
    `${email}%0d%0aBcc:${stranger}`,
    `"${email}" <${stranger}>`,
    `${stranger} <${email}>`,
    `${email}>,<${stranger}`,
    `group: ${email}, ${stranger};`,
  ];
}

/** Asks for mails to all spellings. @returns mails to the account and to others. */
async function ask(peer: Peer, email: string, asked: readonly unknown[]): Promise<{ own: number; others: string[] }> {
  const before = peer.mails().length;
  for (const each of asked) await peer.requestReset(each);
  await peer.settled();
  const recipients = peer
    .mails()
    .slice(before)
    .flatMap(({ envelope }) => envelope.to);
  const others = recipients.filter((to) => to !== email);
  return { own: recipients.length - others.length, others };
}

async function attack(peer: Peer, asked: (email: string) => unknown[]) {
  const email = `kiss-${randomBytes(4).toString('hex')}@mail-kiss.example`;
  await peer.account(email);
  const inputs = asked(email);
  const { own, others } = await ask(peer, email, inputs);
  const elsewhere =
    others.length > 0 ? `, ${others.length} elsewhere: ${others.slice(0, 3).join(' ')}` : ', 0 elsewhere';
  return cell(others.length === 0, `${inputs.length} inputs: ${plural(own, 'mail')} to the owner${elsewhere}`);
}

export const addresses: readonly PeerAttack[] = [
  {
    title: 'Several recipients: arrays, lists, header lines in the address',
    wanted: 'no mail goes to an address but the stored one',
    run: (peer) => attack(peer, several),
  },
  {
    title: 'Unicode case variants and odd spellings of the address',
    wanted: 'what mail there is goes to the stored address',
    run: (peer) => attack(peer, spellings),
  },
];

const evil = 'evil.example';

/** Headers that a proxy could have set. */
const poison: readonly Readonly<Record<string, string>>[] = [
  { host: evil },
  { 'x-forwarded-host': evil },
  { 'x-forwarded-host': evil, 'x-forwarded-proto': 'http' },
  { forwarded: `host=${evil};proto=http` },
  { 'x-host': evil },
  { 'x-original-host': evil },
  { 'x-forwarded-server': evil },
  { host: `shop.example@${evil}` },
  { host: `shop.example:80@${evil}` },
  { origin: `https://${evil}` },
  { referer: `https://${evil}/` },
  { 'x-original-url': `https://${evil}/` },
];

const targets = [
  `https://${evil}/`,
  `//${evil}/`,
  `/\\${evil}/`,
  `https:${evil}`,
  `https://shop.example@${evil}/`,
  `https://shop.example.${evil}/`,
  `https://shop.example\\@${evil}/`,
  `/%5c${evil}`,
  `/%2f%2f${evil}`,
  `javascript:location='//${evil}'`,
];

const members = ['redirectTo', 'callbackURL', 'redirectUrl', 'url', 'resetUrl', 'baseUrl'];

/** Whether a link, or an address in its query, is one that a browser would open at the other host, or as a script. */
function leadsElsewhere({ text, html }: InboxMail): boolean {
  const found = `${text}\n${html.replaceAll('&amp;', '&')}`.match(/https?:[^\s"<>]+/g) ?? [];
  const links = found.filter((each) => URL.canParse(each)).map((each) => new URL(each));
  const carried = links.flatMap(({ searchParams, origin }) =>
    [...searchParams.values()].filter((each) => URL.canParse(each, origin)).map((each) => new URL(each, origin)),
  );
  return [...links, ...carried].some(({ hostname, protocol }) => hostname.endsWith(evil) || protocol === 'javascript:');
}

async function poisoned(peer: Peer, before: number): Promise<{ sent: number; bad: number; first: string }> {
  await peer.settled();
  const sent = peer.mails().slice(before);
  const bad = sent.filter(leadsElsewhere);
  return { sent: sent.length, bad: bad.length, first: bad[0]?.text.trim().slice(0, 120) ?? '' };
}

export const linkTargets: readonly PeerAttack[] = [
  {
    title: 'Poisoned Host, X-Forwarded-Host, Forwarded, Origin, Referer',
    wanted: 'no link to another host',
    async run(peer) {
      const accounts = await Promise.all(poison.map(() => peer.account()));
      const before = peer.mails().length;
      for (const [at, headers] of poison.entries()) await peer.requestReset(accounts[at]?.email, { headers });
      const { sent, bad, first } = await poisoned(peer, before);
      return cell(
        bad === 0,
        `${poison.length} inputs, ${plural(sent, 'mail')}, ${bad} with the other host ${first}`.trim(),
      );
    },
  },
  {
    title: 'A redirect target given by the client',
    wanted: 'no link that leads to another host',
    async run(peer) {
      const account = await peer.account();
      const before = peer.mails().length;
      const inputs = targets.flatMap((target) => members.map((member) => ({ [member]: target })));
      for (const extra of inputs) await peer.requestReset(account.email, { extra });
      const { sent, bad, first } = await poisoned(peer, before);
      return cell(
        bad === 0,
        `${inputs.length} inputs, ${plural(sent, 'mail')}, ${bad} with the other host ${first}`.trim(),
      );
    },
  },
  {
    title: 'The key seen by servers, proxies and Referer when the link is opened',
    wanted: 'it stands in the fragment only',
    async run(peer) {
      const account = await peer.account();
      await peer.requestReset(account.email);
      await peer.settled();
      const mail = links(peer, account.email).at(-1);
      const key = mail ? peer.keyOf(mail) : '';
      const all = `${mail?.text}\n${mail?.html}`.replaceAll(/&#x3D;/gi, '=');
      const link = /https:\/\/[^\s"<>]+/g;
      const found = (all.match(link) ?? []).find((each) => each.includes(key)) ?? '';
      const where = found.split('#')[1]?.includes(key)
        ? 'fragment'
        : found.includes(`?`) && found.split('?')[1]?.includes(key)
          ? 'query'
          : 'path';
      return cell(where === 'fragment', `in the ${where}`);
    },
  },
];
