import type { Reader } from './reader.js';

/** One environment variable: what it means, its default in words, how its text is read. */
export interface SettingDefinition {
  readonly value: Reader<unknown>;
  readonly byDefault: string;
  readonly meaning: string;
  /** The value is never shown, not even in a fault. */
  readonly secret?: true;
}
