/** A duration in at most two units: "1 hour", "45 minutes", "1 hour 30 minutes", "30 seconds"; null is English. */
export function inWords(seconds: number, language: string | null): string {
  const parts = {
    day: Math.floor(seconds / 86_400),
    hour: Math.floor((seconds % 86_400) / 3_600),
    minute: Math.floor((seconds % 3_600) / 60),
  };
  const units = Object.entries(parts)
    .filter(([, count]) => count > 0)
    .slice(0, 2);
  const said = units.length > 0 ? units : [['second', seconds] as const];
  return said.map(([unit, count]) => unitFormat(language ?? 'en', unit).format(count)).join(' ');
}

/** Date and time in UTC, because mails are read in any time zone; null is English. */
export function timeInWords(time: Date, language: string | null): string {
  return timeFormat(language ?? 'en').format(time);
}

// Formatters are kept, because making one costs more than filling a mail. There are only a few.
const unitFormat = kept(
  (language, unit) => new Intl.NumberFormat(language, { style: 'unit', unit: unit ?? 'second', unitDisplay: 'long' }),
);
const timeFormat = kept(
  (language) => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' }),
);

function kept<Format>(make: (language: string, unit?: string) => Format): (language: string, unit?: string) => Format {
  const formats = new Map<string, Format>();
  return (language, unit) => {
    const name = `${language} ${unit}`;
    const format = formats.get(name) ?? make(language, unit);
    formats.set(name, format);
    return format;
  };
}
