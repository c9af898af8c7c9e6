import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { packageFolder } from '../../src/package-files.js';
import type { Found } from './stretches.js';

/** A case worth keeping: one that found a fault, or one that a generator seldom makes. */
export interface Kept<Case> {
  readonly why: string;
  readonly case: Case;
}

const fileOf = (name: string) => `${packageFolder}test/fuzz/seeds/${name}.json`;

/** The kept cases of a fuzzer. @throws SyntaxError when the file is no JSON. */
export function keptCases<Case>(name: string): readonly Kept<Case>[] {
  const file = fileOf(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept<Case>[]) : [];
}

/** Adds findings to the kept cases, each case once. */
export function keep(name: string, findings: readonly Found[]): void {
  const kept = keptCases<unknown>(name);
  const known = new Set(kept.map((each) => JSON.stringify(each.case)));
  const added = findings.filter((each) => each.case !== null && !known.has(JSON.stringify(each.case)));
  if (added.length === 0) return;
  const all = [...kept, ...added.map(({ why, case: found }) => ({ why: why.split('\n', 1)[0], case: found }))];
  writeFileSync(fileOf(name), `${JSON.stringify(all, undefined, 2)}\n`);
}
