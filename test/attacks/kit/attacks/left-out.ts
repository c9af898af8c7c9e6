import type { Attack, LeftOut } from '../attack.js';

function leftOut(ids: readonly string[], title: string, reason: string): LeftOut {
  return { ids, title, needs: 'something else', reason };
}

/** What this kit cannot attack, and what answers it. */
export const notHere: readonly Attack[] = [
  leftOut(
    ['V-13', 'V-16', 'B8', 'B10'],
    'telling who has an account by the time of an answer',
    'needs thousands of measured pairs and a quiet machine: `npm run timing -- constant` and `-- sign-in`',
  ),
  leftOut(
    ['B9', 'V-16'],
    'telling who has an account by when an own mail comes',
    'needs hundreds of measured trials: `npm run timing -- worker`; test/password-reset/no-oracle.test.ts by an injected clock',
  ),
  leftOut(
    ['V-31'],
    'a key burned by a lost answer of Redis',
    'needs a connection that is cut at a byte: `npm run faults`, and the mutants resend-on and getdel-first of `npm run mutants`',
  ),
  leftOut(
    ['V-45'],
    'a key that lives longer by a wrong clock',
    'needs a process with another clock: test/processes/clock.test.ts',
  ),
  leftOut(['V-48'], 'a change of the address that races a reset', 'the product has no change of the address'),
  leftOut(
    ['A3'],
    'the 400 /64s of one /48 at work with wrong sign-ins',
    'needs a trusted proxy that names IPv6 addresses: `npm run flood`',
  ),
  leftOut(
    ['A5'],
    'a stranger’s worst day against one owner',
    'needs the clocks of PostgreSQL and Redis moved together: test/password-reset/worst-day.test.ts',
  ),
  leftOut(
    ['C14'],
    'the developer’s inbox, opened from another machine or by another name',
    '`latchkey dev` is no deployment: test/dev/developers-machine.test.ts and test/dev/inbox/inbox.test.ts',
  ),
  leftOut(
    ['C15'],
    'roles that change rows of the audit trail',
    'is about who has the database: test/services/grants.test.ts',
  ),
  leftOut(
    ['E24'],
    'a page without its script, and what browsers make of its links',
    'needs a browser: test/browser/link-spellings.test.ts and test/browser/reset-page.test.ts',
  ),
];
