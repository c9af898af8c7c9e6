/**
 * Freezes plain objects and arrays with all that they contain, and returns them; class instances (a key) are not
 * frozen.
 */
export function deepFreeze<T>(value: T): T {
  if (
    Array.isArray(value) ||
    (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
  ) {
    for (const each of Object.values(value)) deepFreeze(each);
    Object.freeze(value);
  }
  return value;
}
