import type { Environment } from './environment.js';
import type { SettingFault } from './faults.js';
import type { Reader } from './reader.js';

interface Row {
  readonly value: Reader<unknown>;
  readonly secret?: true;
}

/**
 * Reads each row from the environment. A text that cannot be read is added to `faults`, without the value of a secret.
 */
export function parseEach(
  environment: Environment,
  rows: readonly (readonly [name: string, row: Row])[],
  faults: SettingFault[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { value, secret }] of rows) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    const reading = value(text);
    if (reading.kind === 'Read') {
      values[name] = reading.value;
    } else {
      const was = secret ? '' : `was ${JSON.stringify(text)}; `;
      faults.push({ name, fault: `${was}${reading.fault}` });
    }
  }
  return values;
}
