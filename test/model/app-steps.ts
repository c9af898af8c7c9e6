import type { Account, AppWrite, State, Step } from './protocol.js';
import { appHash, copy, isMintedFor, nobody, oldPassword } from './state.js';

/** What each write of the app makes of the row. The app carries no guard of ours. */
const writes: Record<AppWrite, Partial<Account>> = {
  'changes the password': { password: 'of the app', hashOf: appHash },
  'forces a reset': { password: 'none', hashOf: nobody },
  moves: { address: 1 },
  suspends: { active: false },
  opens: { active: true },
  'restores the row': { password: oldPassword, hashOf: nobody, address: 0, active: true },
};

/** @returns every next step of the app that owns the accounts. It waits for the row, and we for it. */
export function appSteps(state: State): Step[] {
  const { app } = state;
  if (!app) return [];
  const steps: Step[] = [];
  const step = (what: string, change: (next: State) => void) => {
    const next = copy(state);
    change(next);
    steps.push({ label: `app: ${what}`, state: next });
  };
  const { pending } = app;
  if (pending) {
    step(`COMMIT of "${pending}"`, (next) => {
      Object.assign(next.account, writes[pending]);
      next.app = { ...app, pending: undefined };
      if ('password' in writes[pending]) next.appPassword = next.account.password;
      if (!isMintedFor(next.account)) next.endedByApp = true;
    });
    step(`ROLLBACK of "${pending}"`, (next) => Object.assign(next, { app: { ...app, pending: undefined } }));
  } else if (app.left > 0 && !state.transaction?.holdsRow) {
    for (const what of Object.keys(writes) as AppWrite[]) {
      step(what, (next) => Object.assign(next, { app: { left: app.left - 1, pending: what } }));
    }
  }
  return steps;
}
