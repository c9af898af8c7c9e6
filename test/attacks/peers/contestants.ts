import { betterAuth, strictBetterAuth } from './better-auth/adapter.js';
import { latchkey } from './latchkey.js';
import type { Contestant } from './peer.js';
import { vendure } from './vendure/adapter.js';

/** Who is attacked, in the order of the table; the first is the control. */
export const contestants: readonly Contestant[] = [latchkey, betterAuth, strictBetterAuth, vendure];
