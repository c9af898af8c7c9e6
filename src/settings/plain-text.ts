import { read } from './reader.js';

/** Letters, marks and emoji: after these a zero-width joiner changes how a word or sign looks. */
const joins = '[\\p{L}\\p{M}\\p{Emoji}]';
const joiner = new RegExp(`(?<=${joins})[\\u200C\\u200D]`, 'gu');
/** The tag characters after a black flag emoji, which make it the flag of England, Scotland or Wales. */
const tags = /(?<=\u{1F3F4})[\u{E0020}-\u{E007E}]{1,6}\u{E007F}/gu;
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const visible = /[\p{L}\p{N}\p{S}\p{P}]/u;

/**
 * Whether a text is visible and cannot change the text around it: no control character, no line end, no character that
 * changes the direction of what follows (U+202A to U+202E, U+2066 to U+2069 and the direction marks), nothing
 * invisible. Persian, Hindi and emoji need zero-width joiners, so these may follow a letter, a mark or an emoji.
 */
export function isPlainText(text: string): boolean {
  return visible.test(text) && !invisible.test(text.replace(tags, '').replace(joiner, ''));
}

export const plainText = read(
  '1 to 64 characters (code points) that are visible, without control characters; zero-width joiners only after letters and emoji',
  (text) => (/^.{1,64}$/u.test(text) && isPlainText(text) ? text : undefined),
);
