import type * as z from 'zod';

/** One environment variable: what it means, its default in words, how its text is read. */
export interface SettingDefinition {
  readonly value: z.ZodType<unknown, string>;
  readonly byDefault: string;
  readonly meaning: string;
  /** The value is never shown, not even in a fault. */
  readonly secret?: true;
}
