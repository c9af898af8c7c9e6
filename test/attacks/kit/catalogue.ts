import type { Attack } from './attack.js';
import { addresses } from './attacks/addresses.js';
import { answers } from './attacks/answers.js';
import { bodies } from './attacks/bodies.js';
import { busy } from './attacks/busy.js';
import { crossSite } from './attacks/cross-site.js';
import { documents } from './attacks/documents.js';
import { enumeration } from './attacks/enumeration.js';
import { floods } from './attacks/floods.js';
import { hashes } from './attacks/hashes.js';
import { keys } from './attacks/keys.js';
import { notHere } from './attacks/left-out.js';
import { limits } from './attacks/limits.js';
import { mailFlow } from './attacks/mail-flow.js';
import { mailTarget } from './attacks/mail-target.js';
import { oneUse } from './attacks/one-use.js';
import { page } from './attacks/page.js';
import { passwords } from './attacks/passwords.js';
import { races } from './attacks/races.js';
import { relays } from './attacks/relays.js';
import { requests } from './attacks/requests.js';
import { schema } from './attacks/schema.js';
import { settings } from './attacks/settings.js';
import { stores } from './attacks/stores.js';
import { tokens } from './attacks/tokens.js';

/** Every attack, in the order in which they are made. */
export const catalogue: readonly Attack[] = [
  ...documents,
  ...bodies,
  ...requests,
  ...crossSite,
  ...schema,
  ...answers,
  ...page,
  ...addresses,
  ...mailTarget,
  ...keys,
  ...oneUse,
  ...races,
  ...enumeration,
  ...limits,
  ...tokens,
  ...passwords,
  ...hashes,
  ...mailFlow,
  ...relays,
  ...settings,
  ...floods,
  ...busy,
  ...stores,
  ...notHere,
];

/** The attacks with one of the texts (separated by commas) in their entries or title, whatever the case. */
export function chosen(only: string): Attack[] {
  const texts = only
    .toLowerCase()
    .split(',')
    .map((text) => text.trim());
  return catalogue.filter(({ ids, title }) => {
    const words = [...ids, title].join(' ').toLowerCase();
    return texts.some((text) => words.includes(text));
  });
}
