import { read } from '../reader.js';
import { looksRandom } from './strength.js';

/**
 * The characters of hexadecimal digits, base64 and base64url. Any other value must be the only one, or be in a JSON
 * array.
 */
const generated = /^[A-Za-z0-9+/=_.~-]+$/;

const allowed =
  'at least 32 bytes that are random (not one piece repeated, not a placeholder), for instance from `openssl rand -base64 32`; ' +
  'several, separated by commas: the first signs, all verify, each once. A value that holds a comma itself, or stands ' +
  'beside others and has other characters than letters, digits and -_+/=.~, is written as a JSON array: ["value"] or ' +
  '["new","old"]';

/**
 * One value or several. Earlier versions allowed a comma inside a value; such a value must not be split silently,
 * because its links would stop working. So commas separate only values with characters of random generators, each
 * strong by itself; anything else is refused, and the message says how to write it.
 */
export const secretValues = read<readonly string[]>(allowed, (text) => {
  const values = text.startsWith('[') ? fromJson(text) : fromList(text);
  return values?.every(looksRandom) && new Set(values).size === values.length ? values : undefined;
});

function fromList(text: string): readonly string[] | undefined {
  if (!text.includes(',')) return [text];
  const values = text.split(',').map((each) => each.trim());
  return values.every((each) => generated.test(each)) ? values : undefined;
}

function fromJson(text: string): readonly string[] | undefined {
  const values: unknown = JSON.parse(text);
  const isList = Array.isArray(values) && values.length > 0 && values.every((each) => typeof each === 'string');
  return isList ? values : undefined;
}
