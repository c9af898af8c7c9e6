import type { Default } from './defaults.js';
import type { Reader } from './reader.js';

/**
 * One environment variable: its meaning, its default (the documented words are made from it), and how its text is read.
 * `Without` is the type of the default; it contains `undefined` where the setting may be left out.
 */
export interface SettingDefinition<Value = unknown, Without = unknown> {
  readonly value: Reader<Value>;
  readonly byDefault: Default<Without>;
  readonly meaning: string;
  /** The value is never shown, not even in a fault. */
  readonly secret?: true;
}

/** Makes a row of the table; it compiles only if the default has the type that the text is read as. */
export function setting<Value, const Without extends Value | undefined>(
  row: SettingDefinition<Value, Without>,
): SettingDefinition<Value, Without> {
  return row;
}

/** The type that a process gets: never undefined where there is a default. */
export type ValueOf<Row> =
  Row extends SettingDefinition<infer Value, infer Without>
    ? undefined extends Without
      ? Value | undefined
      : Value
    : never;
