import type { PeerAttack } from '../peer.js';
import { addresses, linkTargets } from './addresses.js';
import { floods, limiters } from './floods.js';
import { keys, sessions } from './keys.js';
import { sizes } from './sizes.js';
import { tells } from './tells.js';

/** Every attack, by theme, in the order of the table. */
export const themes: Readonly<Record<string, readonly PeerAttack[]>> = {
  'Who gets the mail, and where its link leads': [...addresses, ...linkTargets],
  'A key’s life': keys,
  'After the reset': sessions,
  'Floods and guesses': [...floods, ...limiters],
  'Who has an account': tells,
  'Sizes and shapes': sizes,
};
