/** One wrong setting: its value (never that of a secret) and what is allowed. */
export interface SettingFault {
  readonly name: string;
  readonly fault: string;
}

/** Thrown with all faults together, so that an operator can mend them in one go. */
export class SettingsError extends Error {
  constructor(readonly faults: readonly SettingFault[]) {
    super(`${faults.length} wrong setting(s):\n${faults.map(({ name, fault }) => `  ${name}: ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}
