import { settingsSeen } from '../../../src/settings/docs.js';
import { readSettings, SettingsError } from '../../../src/settings/settings.js';
import { knownNames } from '../../../src/settings/table.js';
import { settingsWarnings } from '../../../src/settings/warnings.js';
import { production } from '../../settings/environments.js';
import { Finding, type Fuzzer, pure } from '../fuzzer.js';
import { mark, type SettingsCase, settingsCases } from './cases.js';

/** What reads the settings and tells them; a test gives one with a fault. */
export interface Subject {
  readonly read: typeof readSettings;
  readonly seen: typeof settingsSeen;
}

export function settings(subject: Subject = { read: readSettings, seen: settingsSeen }): Fuzzer<SettingsCase> {
  return pure('settings', settingsCases, (each) => judge(each, subject));
}

function judge({ command, sound, changes }: SettingsCase, { read, seen }: Subject): string {
  const environment = { ...(sound ? production : {}), ...Object.fromEntries(changes) };
  if (seen(environment).includes(mark)) throw new Finding('`latchkey settings` shows a secret');
  try {
    const found = read(environment, command);
    const warnings = settingsWarnings(environment, found);
    if (JSON.stringify(warnings).includes(mark)) throw new Finding('a warning shows a secret');
    return 'settings';
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expectNamed(error, Object.keys(environment));
    return `${Math.min(error.faults.length, 3)}${error.faults.length > 3 ? ' or more' : ''} faults`;
  }
}

/** Every fault names a setting, once, says something, and shows no secret. */
function expectNamed({ faults, message }: SettingsError, given: readonly string[]): void {
  if (message.includes(mark)) throw new Finding('a fault shows a secret');
  if (faults.length === 0) throw new Finding('a refusal without a fault');
  const names = faults.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new Finding('two faults for one setting');
  for (const { name, fault } of faults) {
    if (!knownNames.includes(name) && !given.includes(name)) throw new Finding('a fault names no setting');
    if (!/allowed|Allowed|allows|refuses|not set|at least|at most|is \d/.test(fault)) {
      throw new Finding('a fault does not say what is allowed');
    }
    if (!message.includes(`${name}: ${fault}`)) throw new Finding('a fault is missing in the message');
  }
}
