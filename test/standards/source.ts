/** What stands in place of a test, for a number that no test shows. */
export interface Unmet {
  readonly verdict: 'open' | 'decided against' | 'does not apply';
  /** What is missing, or why not. May hold Markdown links, from the folder of the page. */
  readonly why: string;
}

/** A list of requirements from one place, by their numbers there. */
export interface Source {
  readonly title: string;
  /** Where it is from, and how it was read. Markdown. */
  readonly from: string;
  /** What each number asks, in our own words. A level of the source stands in front. */
  readonly asks: Readonly<Record<string, string>>;
  /** Numbers that no test shows. Every other one needs a test with its tag. */
  readonly unmet: Readonly<Record<string, Unmet>>;
}

/** Wanted, and not there or not shown yet. */
export const open = (why: string): Unmet => ({ verdict: 'open', why });
/** We do it in another way, on purpose. */
export const decided = (why: string): Unmet => ({ verdict: 'decided against', why });
/** It is about something that Latchkey does not have. */
export const absent = (why: string): Unmet => ({ verdict: 'does not apply', why });
