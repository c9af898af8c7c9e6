import type { Default } from './defaults.js';
import type { Reader } from './reader.js';

/**
 * One environment variable: what it means, its default (the documented words are made from it), how its text is read.
 * `Without` is `undefined` where nothing may be set.
 */
export interface SettingDefinition<Value = unknown, Without = unknown> {
  readonly value: Reader<Value>;
  readonly byDefault: Default<Without>;
  readonly meaning: string;
  /** The value is never shown, not even in a fault. */
  readonly secret?: true;
}

/** A row of the table; its default does not compile unless it is of the type that its text is read as. */
export function setting<Value, const Without extends Value | undefined>(
  row: SettingDefinition<Value, Without>,
): SettingDefinition<Value, Without> {
  return row;
}

/** What a process gets: always a value, where there is a default. */
export type ValueOf<Row> =
  Row extends SettingDefinition<infer Value, infer Without>
    ? undefined extends Without
      ? Value | undefined
      : Value
    : never;
