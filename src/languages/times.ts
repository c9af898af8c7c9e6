import type { Times } from './catalogue.js';
import { kept, render } from './message.js';

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;
/** The largest number that people take in without reckoning: "90 minutes", not "200 minutes". */
const largest = 120;

/**
 * A duration in one unit, with the words around it: "for 1 hour", "in 90 minutes". In the largest unit that says it
 * exactly; where that takes a number above 120, rounded down in the largest unit that there are two of, so that a promised
 * time is never longer than the real one.
 *
 * @param seconds whole; negative ones count as 0.
 */
export function duration(times: Times, seconds: number, language: string): string {
  const whole = Math.max(0, Math.floor(seconds));
  const exact = units.find(([, size]) => whole >= size && whole % size === 0 && whole / size <= largest);
  const [unit, size] = exact ?? units.find(([, each]) => whole >= 2 * each) ?? (['second', 1] as const);
  return render(times[unit], { n: Math.floor(whole / size) }, language);
}

/** Date and time to the minute in UTC, which is named, because mails are read in any time zone. */
export function moment(time: Date, language: string): string {
  return moments(language).format(time);
}

/** As `moment`, with the day of the week, which people remember better than a date. */
export function momentWithDay(time: Date, language: string): string {
  return momentsWithDays(language).format(time);
}

const parts: Intl.DateTimeFormatOptions = {
  ...{ year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' },
  ...{ timeZone: 'UTC', timeZoneName: 'short' },
};
const moments = kept((language) => new Intl.DateTimeFormat(language, parts));
const momentsWithDays = kept((language) => new Intl.DateTimeFormat(language, { ...parts, weekday: 'long' }));
