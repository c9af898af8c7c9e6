import 'reflect-metadata';
import { anyPlace } from '../src/mail/mail-places.js';
import { MailTemplates, type MailValues } from '../src/mail/mail-template.js';
import { wrapMail } from '../src/mail/wrap-mail.js';
import { templatesFolder } from '../src/package-files.js';

/** `npm run bench:mails`: what the processor does for a mail besides handing it over. A table in Markdown. */
const moment = 'Tuesday, January 1, 2030 at 12:00 PM UTC';
const values: MailValues = {
  link: `https://bench.example/reset-password#key=${'k'.repeat(43)}`,
  resetPageUrl: 'https://bench.example/reset-password',
  supportUrl: 'https://bench.example/help',
  lifetime: 'for 1 hour',
  expiresAt: moment,
  changedAt: moment,
  nextMailAt: moment,
  askedAt: moment,
  isLast: false,
  origin: 'originWith',
  browser: 'Firefox',
  productName: 'Latchkey',
};
const sender = { from: { name: 'Latchkey', address: 'no-reply@bench.example' } };
const [rounds, times] = [9, 200];

const templates = new MailTemplates(templatesFolder);
const mails = Object.keys(templates.catalogues.of('en').mail).flatMap((name) => {
  const languages = name === 'reset-link' ? templates.languages : ['en'];
  return languages.map((language) => ({ name, language }));
});
const fill = ({ name, language }: (typeof mails)[number]) => templates.fill(name, language, values);
const measured = mails.map((mail) => ({ mail, filled: [] as number[], composed: [] as number[] }));
// Each in turn, so that what else the machine does falls on all; the first round does not count.
for (let round = 0; round <= rounds; round++) {
  for (const { mail, filled, composed } of measured) {
    const content = { ...fill(mail), to: 'alice@bench.example', messageId: `1.${mail.name}` };
    const ofFilling = await perMail(() => void fill(mail));
    const ofComposing = await perMail(() => wrapMail(content, sender, anyPlace));
    if (round === 0) continue;
    filled.push(ofFilling);
    composed.push(ofComposing);
  }
}
process.stdout.write(
  '| mail | language | HTML bytes | text bytes | bytes on the line | µs filled | µs composed |\n|---|---|---|---|---|---|---|\n',
);
for (const { mail, filled, composed } of measured) {
  const content = { ...fill(mail), to: 'alice@bench.example', messageId: `1.${mail.name}` };
  const { message } = await wrapMail(content, sender, anyPlace);
  const bytes = [Buffer.byteLength(content.html), Buffer.byteLength(content.text), message.length];
  const figures = [...bytes, Math.round(median(filled)), Math.round(median(composed))];
  process.stdout.write(
    `| \`${mail.name}\` | ${mail.language} | ${figures.map((each) => each.toLocaleString('en')).join(' | ')} |\n`,
  );
}

/** Microseconds of the processor. */
async function perMail(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let each = 0; each < times; each++) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
