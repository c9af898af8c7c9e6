import type { ResetKeyFault } from '../../../schema/sdk/client.js';
import type { PageTexts } from '../../languages/catalogue.js';
import { isolated, render, type Values } from '../../languages/message.js';
import { duration } from '../../languages/times.js';

/** The texts that the server put into the page, in the language that it chose. */
let texts: PageTexts;
let language: string;
let isolate: ((value: string) => string) | undefined;

/** To be called before anything is said. @param direction of the language: `ltr` or `rtl`. */
export function speak(chosen: PageTexts, tag: string, direction: string): void {
  texts = chosen;
  language = tag;
  isolate = direction === 'rtl' ? isolated : undefined;
}

/** The tag (BCP 47) of the page's language, in which the mails are that are asked for here. */
export function pageLanguage(): string {
  return language;
}

export function canSay(key: string): boolean {
  return key in texts.page;
}

/** @throws Error when there is no such text, or a value is missing */
export function say(key: string, values: Values = {}): string {
  return render(textOf(key), values, language, isolate);
}

/** The text in pieces, for values that are elements of the page; it has no plurals. @throws Error as `say` does */
export function pieces<Value>(key: string, values: Readonly<Record<string, Value>>): (string | Value)[] {
  return [textOf(key)].flat().map((part) => {
    if (typeof part === 'string') return part;
    const value = values[part.arg] ?? '';
    return typeof value === 'string' && isolate ? isolate(value) : value;
  });
}

function textOf(key: string) {
  const text = texts.page[key];
  if (text === undefined) throw new Error(`no text "${key}"`);
  return text;
}

/** Puts sentences one behind the other: after a full stop as wide as a letter there is no space. */
export function together(...sentences: readonly string[]): string {
  return sentences.join(' ').replaceAll('。 ', '。');
}

/** A lifetime: "for 1 hour". Rounded down, so that a promised time is never longer than the real one. */
export function lifetime(seconds: number): string {
  return duration(texts.time.for, seconds, language);
}

/**
 * A wait: "in 5 seconds". In seconds up to two minutes, so that people see the count go down; then in minutes or hours,
 * rounded up, so that nobody comes too early.
 */
export function wait(seconds: number): string {
  if (seconds <= 120) return render(texts.time.in.second, { n: seconds }, language);
  const unit = seconds > 7_200 ? 3_600 : 60;
  return duration(texts.time.in, Math.ceil(seconds / unit) * unit, language);
}

/** In the person's own time zone; with the date unless that is today. */
export function timeInWords(time: Date): string {
  const today = time.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, { ...(today ? {} : { dateStyle: 'long' }), timeStyle: 'short' }).format(
    time,
  );
}

export interface FaultWording {
  readonly heading: string;
  readonly reason: string;
  /** Somebody set a password, or made the account: the page offers what follows from that. */
  readonly wasDone: boolean;
}

/** What a link is told to be that sets no password. @param message for a reason newer than this page: the server's. */
export function keyFault(reason: ResetKeyFault, message: string): FaultWording {
  const key = reason.toLowerCase();
  return faultWording(reason, `${key}-title`, key, message);
}

/** What a link is told to be that makes no account. @param message for a reason newer than this page: the server's. */
export function signUpFault(reason: ResetKeyFault, message: string): FaultWording {
  const key = `sign-up-${reason.toLowerCase()}`;
  return faultWording(reason, canSay(`${key}-title`) ? `${key}-title` : `${reason.toLowerCase()}-title`, key, message);
}

function faultWording(reason: ResetKeyFault, heading: string, key: string, message: string): FaultWording {
  if (!canSay(heading) || !canSay(key)) return { heading: say('broken-title'), reason: message, wasDone: false };
  return { heading: say(heading), reason: say(key), wasDone: reason === 'USED' || reason === 'SUPERSEDED' };
}
