import { wordsOf } from './defaults.js';
import type { Environment } from './environment.js';
import type { SettingFault } from './faults.js';
import type { Settings } from './settings.js';
import { knownNames, settingRows } from './table.js';
import { unknownSettings } from './unknown-settings.js';
import { limits } from './values.js';

const leastCost = 10;

type Windows = readonly { readonly points: number; readonly seconds: number }[];

/** Warnings for an operator: unknown names and doubtful values. Never the value of a secret. */
export function settingsWarnings(environment: Environment, settings: Settings): SettingFault[] {
  return [...unknownSettings(environment, knownNames).warnings, ...doubtfulSettings(environment, settings)];
}

/** Values that a process can start with but that are probably a mistake. */
function doubtfulSettings(environment: Environment, settings: Settings): SettingFault[] {
  const warnings = idleWindows(environment);
  if (settings.production && !settings.passwordReset.supportUrl) {
    const fault = 'is not set: people who did not change their password are not told where to object';
    warnings.push({ name: 'SUPPORT_URL', fault });
  }
  const write = settings.accounts.shape?.write;
  if (write?.format === 'bcrypt' && write.cost < leastCost) {
    const fault = `writes bcrypt with cost ${write.cost}; at least ${leastCost} unless the app cannot verify it (OWASP ASVS 5.0, 11.4.2)`;
    warnings.push({ name: 'ACCOUNTS', fault });
  }
  return warnings;
}

/** Windows that are never reached, because a window of the same limit, or of the network's limit, refuses earlier. */
function idleWindows(environment: Environment): SettingFault[] {
  const rows = settingRows.filter(([name]) => name.startsWith('LIMIT_'));
  const all = new Map(rows.map(([name, { byDefault }]) => [name, windowsOf(environment[name] || wordsOf(byDefault))]));
  return [...all].flatMap(([name, windows]) => {
    const network = all.get(name.replace(/_PER_CLIENT$/, '_PER_NETWORK')) ?? [];
    const narrower = (window: Windows[number]) =>
      [...windows, ...network].find(({ points, seconds }) => points < window.points && seconds >= window.seconds);
    return windows.flatMap((window) => {
      const other = narrower(window);
      const fault = other && `${shown(window)} is never reached, because ${shown(other)} refuses before`;
      return fault ? [{ name, fault }] : [];
    });
  });
}

function windowsOf(text: string): Windows {
  const reading = limits(text);
  return reading.kind === 'Read' ? reading.value : [];
}

const shown = ({ points, seconds }: Windows[number]) => `${points}/${seconds}`;
