import { parseArgs } from 'node:util';
import { isLoopback } from './target.js';

export interface Options {
  /** Somebody's deployment; undefined is a stage of our own. */
  readonly url: string | undefined;
  readonly mailDomain: string;
  readonly only: string;
  readonly isFull: boolean;
  readonly lists: boolean;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

/** The command was used wrongly. */
export class WrongUse extends Error {}

export const usage = `npm run attack -- [options]

Attacks a Latchkey as strangers do, and reports. Without --url it starts one of its own: two APIs, two workers,
PostgreSQL, Redis and a relay.

--url URL             attacks this deployment: only what anybody can see, from this machine's address
--i-run-this          you run that deployment; needed unless its address is loopback
--mail-domain DOMAIN  the domain of the addresses that are asked for: yours, or a reserved one (attack.invalid)
--only TEXT           only attacks with this text in their entries or title; several, separated by commas
--full                floods in their full size
--json FILE           writes the report as JSON
--markdown FILE       writes it as Markdown
--list                lists the attacks, and makes none

Exit code: 1 if anything is broken or unfinished, 2 on wrong use.
`;

/** Names that nobody can receive mail at: RFC 2606. */
const reserved = /(?:^|\.)(?:invalid|example|test|example\.(?:com|net|org))$/;

/** @throws WrongUse */
export async function readOptions(args: readonly string[]): Promise<Options> {
  const values = parse(args);
  const { url } = values;
  if (url !== undefined) await mayAttack(url, values['i-run-this']);
  else if (values['i-run-this']) throw new WrongUse('--i-run-this belongs to --url');
  const mailDomain = (values['mail-domain'] ?? 'attack.invalid').toLowerCase();
  if (!/^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.test(mailDomain))
    throw new WrongUse('--mail-domain: a domain, such as acme.example');
  const isOwn = values['mail-domain'] !== undefined && values['i-run-this'];
  if (!isOwn && !reserved.test(mailDomain)) {
    throw new WrongUse(`--mail-domain ${mailDomain}: mails may reach people there; add --i-run-this if it is yours`);
  }
  const { only, json, markdown } = values;
  return { url, mailDomain, only, json, markdown, isFull: values.full, lists: values.list };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        'i-run-this': { type: 'boolean', default: false },
        'mail-domain': { type: 'string' },
        only: { type: 'string', default: '' },
        full: { type: 'boolean', default: false },
        json: { type: 'string' },
        markdown: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

async function mayAttack(url: string, isOwn: boolean): Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new WrongUse('--url: an http or https URL');
  if (isOwn || (await isLoopback(url))) return;
  const { host } = new URL(url);
  throw new WrongUse(`${host} is not this machine: add --i-run-this if you run it, else do not attack it`);
}
