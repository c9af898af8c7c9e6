import type * as z from 'zod';
import type { Environment } from './environment.js';
import type { SettingFault } from './faults.js';

interface Row {
  readonly value: z.ZodType<unknown, string>;
  readonly secret?: true;
}

/** What each row reads from the environment; what it cannot read becomes a fault, without the value of a secret. */
export function parseEach(
  environment: Environment,
  rows: readonly (readonly [name: string, row: Row])[],
  faults: SettingFault[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { value, secret }] of rows) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    const result = value.safeParse(text);
    if (result.success) {
      values[name] = result.data;
    } else {
      const was = secret ? '' : `was ${JSON.stringify(text)}; `;
      faults.push({ name, fault: `${was}${result.error.issues[0]?.message ?? 'is not allowed'}` });
    }
  }
  return values;
}
