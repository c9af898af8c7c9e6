/** What the link is for: `#key=` sets a new password, `#confirm=` makes an account. */
export type KeyPurpose = 'reset' | 'sign-up';

export type AddressKey =
  | { readonly kind: 'key'; readonly key: string; readonly of: KeyPurpose }
  /** The link names a key, but what follows is none: it was cut short or changed on its way. */
  | { readonly kind: 'broken'; readonly of: KeyPurpose }
  /** The address names no key; `reloaded` if this entry of the history had one before. */
  | { readonly kind: 'none'; readonly reloaded: boolean };

/**
 * 43 base64url characters; `_` or `-` after them may be marks of emphasis in a mail's text; other signs end the key.
 */
const keyAtStart = /^([A-Za-z0-9_-]{43})(?=[_-]*(?![A-Za-z0-9_-]))/;
/** A mail that was quoted-printable encoded twice has `=3D` for each `=`; the browser has dropped its line breaks. */
const encodedForMail = /^3d(?=[A-Za-z0-9_-]{43})/i;

/**
 * Takes the key out of the address bar, and so out of the history, before anything else happens. The history's state
 * remembers only that there was a key, so that the page can explain after a reload why it has none.
 *
 * Link checkers and mail programs rewrite the address: `#` becomes `%23` (once or twice encoded), `#key=` becomes
 * `#key%3D` or `#key=3D`, a slash comes before it, the fragment becomes a query, or something is appended.
 *
 * @param canonical the address of this page without query and fragment.
 */
export function takeKeyFromAddress(canonical: string): AddressKey {
  const { hash, pathname, search } = window.location;
  const isNamed = (part: string) => textFromKey(part) !== undefined;
  const found = [hash, search, pathname].find(isNamed);
  if (found === undefined) return { kind: 'none', reloaded: history.state?.hadKey === true };
  const path = isNamed(pathname) || /\/reset-password\W/i.test(decoded(pathname)) ? canonical : pathname;
  history.replaceState({ hadKey: true }, '', path + (isNamed(search) ? '' : search));
  const key = keyIn(textFromKey(found) ?? '');
  const of = /(?:^|[^A-Za-z0-9])confirm(?:=|$)/i.test(decoded(found)) ? 'sign-up' : 'reset';
  return key ? { kind: 'key', key, of } : { kind: 'broken', of };
}

/** Whether the fragment names a key, in any spelling. */
export function namesKey(hash: string): boolean {
  return textFromKey(hash) !== undefined;
}

/** For a key that no longer works: after a reload the page must not say to open its link again. */
export function forgetThereWasKey(): void {
  history.replaceState(null, '');
}

/** The text after `key=` or `confirm=`; undefined if there is no such name. */
function textFromKey(part: string): string | undefined {
  return /(?:^|[^A-Za-z0-9])(?:key|confirm)(?:=|$)([\s\S]*)/i.exec(decoded(part))?.[1];
}

function keyIn(text: string): string | undefined {
  // `=` at the end of a line is a soft break (RFC 2045, 6.7).
  const whole = text.replace(/=\s*(?=[A-Za-z0-9_-])/g, '');
  return keyAtStart.exec(whole)?.[1] ?? keyAtStart.exec(whole.replace(encodedForMail, ''))?.[1];
}

/** Decodes `%23` and the like, up to three times because the encoding may be encoded itself; other text stays. */
function decoded(text: string): string {
  let plain = text;
  for (let round = 0; round < 3; round++) {
    plain = plain.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return plain;
}
