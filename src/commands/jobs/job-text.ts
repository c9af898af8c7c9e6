/** `alice@example.com` becomes `a…@example.com`, at every depth of the value. */
export function maskAddresses(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/([^\s@])[^\s@]*@/gu, '$1…@');
  if (Array.isArray(value)) return value.map(maskAddresses);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskAddresses(each)]));
}

/** The rows as lines with aligned columns, below a line with the names. */
export function table(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '-')))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The first address in a job's data, masked, because other people may see the terminal; null if there is none. */
export function addressIn(data: unknown): string | null {
  const address = Object.values(data ?? {}).find((value) => typeof value === 'string' && value.includes('@'));
  return typeof address === 'string' ? String(maskAddresses(address)) : null;
}

/** The UUID as the database writes it, or undefined if the text is none. */
export function parseId(text: string): string | undefined {
  const id = text.toLowerCase();
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
}
