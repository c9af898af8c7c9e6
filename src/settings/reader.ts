/** The result of reading a setting's text: its value, or what is wrong with it. */
export type Reading<T> =
  | { readonly kind: 'Read'; readonly value: T }
  | { readonly kind: 'NotAllowed'; readonly fault: string };

/** Reads the text of a setting. Never throws for a text. */
export type Reader<T> = (text: string) => Reading<T>;

export function notAllowed(fault: string): Reading<never> {
  return { kind: 'NotAllowed', fault };
}

/** Makes a reader: if `parse` throws or returns undefined, the fault is "allowed: …". */
export function read<T>(allowed: string, parse: (text: string) => T | undefined): Reader<T> {
  return (text) => {
    const value = attempt(() => parse(text.trim()));
    return value === undefined ? notAllowed(`allowed: ${allowed}`) : { kind: 'Read', value };
  };
}

function attempt<T>(parse: () => T | undefined): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/**
 * Makes a reader for a setting with several forms, whose parser says itself what is wrong: an error of class `Fault`,
 * whose message repeats no secret. Other errors of `parse` are bugs and are thrown on.
 */
export function readOrTell<T>(parse: (text: string) => T, Fault: abstract new (...given: never[]) => Error): Reader<T> {
  return (text) => {
    try {
      return { kind: 'Read', value: parse(text.trim()) };
    } catch (error) {
      if (error instanceof Fault) return notAllowed(error.message);
      throw error;
    }
  };
}
