/**
 * Measures each contestant once a round. Each round begins with the next one, so that none is always measured first,
 * when the machine is coolest, or after the same other.
 *
 * @returns for each contestant its results, in the order of the rounds.
 */
export async function inTurns<Result, Name extends string>(
  rounds: number,
  contestants: Readonly<Partial<Record<Name, (round: number) => Promise<Result>>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(contestants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const result = await contestants[name]?.(round);
      if (result !== undefined) results[name].push(result);
    }
  }
  return results;
}
