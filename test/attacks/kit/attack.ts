import type { Findings } from './findings.js';
import type { Stage } from './stage.js';
import type { Target } from './target.js';

/** How an attack ended. */
export type Outcome =
  /** @param tried number of inputs. */
  | { readonly kind: 'held'; readonly tried: number; readonly seen: string }
  | { readonly kind: 'broken'; readonly tried: number; readonly evidence: readonly string[] }
  | { readonly kind: 'left-out'; readonly reason: string }
  /** The attack itself failed, so nothing is known. */
  | { readonly kind: 'unfinished'; readonly tried: number; readonly fault: string };

interface Named {
  /** What it answers: entries of the catalogue (`V-05`, `G-01`) and findings (`A2`, `B6`). */
  readonly ids: readonly string[];
  /** What a stranger tries, as a phrase. */
  readonly title: string;
}

/** An attack that only needs what anybody sees. */
export interface OutsideAttack extends Named {
  readonly needs: 'url';
  /** Notes each input in `findings`. @returns in words, what was seen where everything held. */
  readonly run: (target: Target, findings: Findings) => Promise<string>;
}

/** An attack that has to look at mails, stores or processes, or that needs accounts. */
export interface StageAttack extends Named {
  readonly needs: 'stage';
  readonly run: (stage: Stage, findings: Findings) => Promise<string>;
}

/** What cannot be attacked here, with the reason and what answers it. */
export interface LeftOut extends Named {
  readonly needs: 'something else';
  readonly reason: string;
}

export type Attack = OutsideAttack | StageAttack | LeftOut;

export interface Result {
  readonly ids: readonly string[];
  readonly title: string;
  readonly outcome: Outcome;
  /** Milliseconds. */
  readonly ms: number;
}
