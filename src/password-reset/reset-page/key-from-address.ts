/** What of an address is the key: 43 base64url characters; whatever a mail program hung behind them is not. */
const keyInFragment = /^#key=([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/;

export type AddressKey =
  | { readonly kind: 'key'; readonly key: string }
  /** A link that was cut short or mended on its way. */
  | { readonly kind: 'broken' }
  /** There is no key; `reloaded` if this entry of the history had one before. */
  | { readonly kind: 'none'; readonly reloaded: boolean };

/**
 * Takes the key out of the address bar, and so out of the history, before anything else happens. What stays in the
 * history's state is only that there was one: after a reload, people can then be told what became of it.
 */
export function takeKeyFromAddress(): AddressKey {
  const { hash, pathname, search } = window.location;
  if (!hash.startsWith('#key=')) return { kind: 'none', reloaded: history.state?.hadKey === true };
  history.replaceState({ hadKey: true }, '', pathname + search);
  const key = keyInFragment.exec(hash)?.[1];
  return key ? { kind: 'key', key } : { kind: 'broken' };
}

/** For keys that are spent: to open their link again would be no help. */
export function forgetThereWasKey(): void {
  history.replaceState(null, '');
}
