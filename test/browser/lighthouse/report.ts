/** What Lighthouse says of one page. */
export interface PageReport {
  /** Of Lighthouse. */
  readonly version: string;
  /** 0 to 100, by category. */
  readonly scores: Readonly<Record<string, number>>;
  /** The audits that cost points. */
  readonly lost: readonly string[];
}

/** @returns a line for people, and whether every category has all points. */
export function judge(
  name: string,
  { scores, lost }: PageReport,
): { readonly line: string; readonly isWhole: boolean } {
  const categories = ['performance', 'accessibility', 'best-practices'] as const;
  const points = categories.map((category) => scores[category] ?? 0);
  const isWhole = points.every((each) => each === 100);
  const why = isWhole ? '' : `  lost: ${[...new Set(lost)].join(', ')}`;
  return { line: `${name.padEnd(36)} ${points.map((each) => String(each).padStart(3)).join(' / ')}${why}`, isWhole };
}
