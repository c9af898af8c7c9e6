const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}-${String(index + 1).padStart(2, '0')}`);

/** The catalogue of real failures of other products: V-01 (who gets the mail) to V-51 (races). */
export const failures = numbered('V', 51);

/** The attacks on the GraphQL layer. */
export const layer = numbered('G', 21);

/**
 * What was found in the first release by attacking it: by a stranger against everybody (A), by somebody who wants to
 * know who has an account (B), by somebody with a foot in the door (C), and in real life (E).
 */
export const found = [
  ...['A1', 'A2', 'A3', 'A4', 'A5'],
  ...['B6', 'B7', 'B8', 'B9', 'B10'],
  ...['C11', 'C12', 'C13', 'C13a', 'C14', 'C15', 'C15a'],
  ...['E24', 'E27', 'E29'],
];

/** Everything that the kit has to answer. */
export const entries: readonly string[] = [...failures, ...layer, ...found];
