/** What the link is for: `#key=` sets a new password, `#confirm=` makes an account. */
export type KeyPurpose = 'reset' | 'sign-up';

export type AddressKey =
  | { readonly kind: 'key'; readonly key: string; readonly of: KeyPurpose }
  /** A link that was cut short or mended on its way. */
  | { readonly kind: 'broken'; readonly of: KeyPurpose }
  /** There is no key; `reloaded` if this entry of the history had one before. */
  | { readonly kind: 'none'; readonly reloaded: boolean };

/** 43 base64url characters; mail programs take what emphasises a link for a part of it, and other signs end it. */
const keyAtStart = /^([A-Za-z0-9_-]{43})(?=[_-]*(?![A-Za-z0-9_-]))/;
/** A mail that was encoded twice for its way has `=3D` for each `=`, and the browser has dropped the breaks of its lines. */
const encodedForMail = /^3d(?=[A-Za-z0-9_-]{43})/i;

/**
 * Takes the key out of the address bar, and so out of the history, before anything else happens. What stays in the
 * history's state is only that there was one: after a reload, people can then be told what became of it.
 *
 * Link checkers and mail programs write the address anew: `#` as `%23`, once or twice, `#key=` as `#key%3D` or
 * `#key=3D`, a slash before it, the fragment as a query, something of theirs behind it.
 *
 * @param canonical the address of this page without anything
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

/** For keys that are spent: to open their link again would be no help. */
export function forgetThereWasKey(): void {
  history.replaceState(null, '');
}

/** What follows `key=` or `confirm=`; undefined if nothing is called so. */
function textFromKey(part: string): string | undefined {
  return /(?:^|[^A-Za-z0-9])(?:key|confirm)(?:=|$)([\s\S]*)/i.exec(decoded(part))?.[1];
}

function keyIn(text: string): string | undefined {
  // `=` at the end of a line is a soft break (RFC 2045, 6.7).
  const whole = text.replace(/=\s*(?=[A-Za-z0-9_-])/g, '');
  return keyAtStart.exec(whole)?.[1] ?? keyAtStart.exec(whole.replace(encodedForMail, ''))?.[1];
}

/** Without `%23` and the like, which may itself have been encoded; what is no encoding stays. */
function decoded(text: string): string {
  let plain = text;
  for (let round = 0; round < 3; round++) {
    plain = plain.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return plain;
}
