import { read } from './reader.js';

/** Letters, their marks, and emoji with their modifiers, between which a joiner changes how people see a word or a sign. */
const joins = '[\\p{L}\\p{M}\\p{Emoji}]';
const joiner = new RegExp(`(?<=${joins})[\\u200C\\u200D]`, 'gu');
/** The tags after a black flag that make it England's, Scotland's or Wales'. */
const tags = /(?<=\u{1F3F4})[\u{E0020}-\u{E007E}]{1,6}\u{E007F}/gu;
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const visible = /[\p{L}\p{N}\p{S}\p{P}]/u;

/**
 * Text that people see, and that stays where it stands: no control character, no line end, nothing that turns the
 * direction of what follows (U+202A to U+202E, U+2066 to U+2069 and the marks), nothing invisible. Persian, Hindi and
 * emoji need zero-width joiners: each may follow a letter, a mark or an emoji.
 */
export function isPlainText(text: string): boolean {
  return visible.test(text) && !invisible.test(text.replace(tags, '').replace(joiner, ''));
}

export const plainText = read(
  '1 to 64 characters (code points) that are seen, without control characters; zero-width joiners after letters and emoji',
  (text) => (/^.{1,64}$/u.test(text) && isPlainText(text) ? text : undefined),
);
