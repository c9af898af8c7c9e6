import { beyond, most, usual } from './bounds.js';
import { families } from './families.js';
import { type HashForm, type HashVerdict, type Reading, refused } from './reading.js';

export type { HashForm, HashVerdict } from './reading.js';

/** Algorithm and parameters of a stored hash. */
export type HashKind = HashForm | { readonly algorithm: 'unknown' };

/** Characters. The longest that is read, of Firebase with long keys, has half as many. */
const longest = 1_000;

/**
 * Checks a hash that another program made; `docs/hash-forms.md` lists the forms.
 *
 * @param allowExpensive accepts forms that cost more than usual, too, up to what can be verified at all.
 */
export function parseImportedHash(text: string, { allowExpensive = false } = {}): HashVerdict {
  const verdict = parse(text);
  if (verdict.kind === 'refused') return verdict;
  const tooMuch = beyond(verdict.form, most);
  if (tooMuch) return refused(tooMuch);
  const expensive = beyond(verdict.form, usual);
  return expensive && !allowExpensive ? refused(`${expensive} (--allow-expensive takes it)`) : verdict;
}

/** How a stored hash is verified; undefined for one that cannot be, so that no password matches it. */
export function readingOf(hash: string | null | undefined): Reading | undefined {
  const verdict = hash ? parse(hash) : undefined;
  return verdict?.kind === 'accepted' && !beyond(verdict.form, most) ? verdict : undefined;
}

/** The form of a stored hash; undefined for a hash that cannot be verified. */
export function formOf(hash: string | null | undefined): HashForm | undefined {
  return readingOf(hash)?.form;
}

/** Like `formOf`, for operators who look at an account. */
export function kindOfHash(hash: string | null | undefined): HashKind {
  return formOf(hash) ?? { algorithm: 'unknown' };
}

/** Whether a form costs more than one sign-in usually may. */
export function isExpensive(form: HashForm): boolean {
  return beyond(form, usual) !== undefined;
}

function parse(text: string): HashVerdict {
  if (text.length > longest) return refused(`hash is over ${longest} characters`);
  const family = families.find(({ begins }) => begins.test(text));
  return family?.read(text) ?? refused('hash is of no form that can be verified (docs/hash-forms.md lists them)');
}
