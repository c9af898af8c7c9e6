import { DataKeyUnreadable, readDataKey } from '../secrets/data-key-row.js';
import { kidOf } from '../secrets/key-id.js';
import { openDatabase } from '../services/database.js';
import { pageLogo } from '../settings/brand.js';
import { type Command, type Environment } from '../settings/environment.js';
import { readSettings, type SettingFault, type Settings, SettingsError } from '../settings/settings.js';
import { settingsWarnings } from '../settings/warnings.js';

/** Milliseconds for the query to the database. */
const patience = 5_000;

/**
 * `latchkey settings --check`: prints every fault, every warning, and the state of a rotation of secrets. Never prints
 * the value of a secret.
 *
 * @param commands the commands that are to run with this environment.
 * @returns whether no fault was found.
 */
export async function checkSettings(
  environment: Environment,
  commands: readonly Command[],
  print: (line: string) => void,
): Promise<boolean> {
  const faults = new Map<string, Command[]>();
  const warnings = new Set<string>();
  const sound: Settings[] = [];
  for (const command of commands) {
    try {
      const settings = readSettings(environment, command);
      await pageLogo(settings.brand);
      sound.push(settings);
      for (const each of settingsWarnings(environment, settings)) warnings.add(line(each));
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      for (const each of error.faults) faults.set(line(each), [...(faults.get(line(each)) ?? []), command]);
    }
  }
  const [settings] = sound;
  const rotation = settings ? await rotationOf(sound) : { faults: [], warnings: [], notes: [] };
  for (const each of rotation.faults) faults.set(each, [...commands]);
  for (const [fault, of] of faults)
    print(`fault    ${fault}${of.length < commands.length ? ` (${of.join(', ')})` : ''}`);
  for (const each of [...warnings, ...rotation.warnings]) print(`warning  ${each}`);
  for (const each of rotation.notes) print(`         ${each}`);
  if (faults.size === 0) print(`no fault (${commands.join(', ')})`);
  return faults.size === 0;
}

const line = ({ name, fault }: SettingFault) => `${name}: ${fault}`;

/**
 * How many values SECRET and ACCESS_TOKEN_SIGNING_KEY have, and under which value of SECRET the data key is encrypted.
 */
async function rotationOf(settings: readonly Settings[]) {
  const faults: string[] = [];
  const warnings: string[] = [];
  const notes: string[] = [];
  const keys = settings.flatMap(({ accounts }) => accounts.accessToken.signingKeys);
  for (const [at, key] of keys.entries()) {
    notes.push(`ACCESS_TOKEN_SIGNING_KEY: ${await kidOf(key)} ${at === 0 ? 'signs' : 'verifies'}`);
  }
  const [{ database, secrets }] = settings as readonly [Settings];
  if (secrets.length === 0) return { faults, warnings, notes };
  notes.push(`SECRET: ${secrets.length === 1 ? 'one value' : `${secrets.length} values, the first signs, all verify`}`);
  const orm = openDatabase(database.url, { schemas: database.schemas, poolSize: 1 });
  try {
    const late = AbortSignal.timeout(patience);
    const gaveUp = new Promise<never>((_, fail) => late.addEventListener('abort', () => fail(late.reason)));
    const found = await Promise.race([readDataKey(orm, secrets), gaveUp]);
    if (!found) warnings.push('SECRET: there is no data key yet; `latchkey migrate up` with SECRET makes it');
    else if (found.by === 0) notes.push('SECRET: the data key is encrypted under the first value');
    else {
      warnings.push(
        `SECRET: the data key is encrypted under value ${found.by + 1}; once the first one signs everywhere, run ` +
          '`latchkey migrate up`, before that value is dropped',
      );
    }
  } catch (error) {
    if (error instanceof DataKeyUnreadable) faults.push(`SECRET: ${error.message}`);
    else warnings.push('DATABASE_URL: the database could not be asked about the data key');
  } finally {
    await orm.close(true).catch(() => undefined);
  }
  return { faults, warnings, notes };
}
