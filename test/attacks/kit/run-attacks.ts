import type { Attack, Outcome, Result } from './attack.js';
import { Findings } from './findings.js';
import type { Stage } from './stage.js';
import { isStage, type Target } from './target.js';

/**
 * Makes the attacks, one after the other.
 *
 * @param target a stage, or somebody's deployment.
 * @param patience milliseconds within which a refusal must come; 5,000 by default.
 */
export async function runAttacks(
  attacks: readonly Attack[],
  target: Target | Stage,
  onResult: (result: Result) => void = () => undefined,
  patience?: number,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const attack of attacks) {
    const begun = performance.now();
    const outcome = await make(attack, target, new Findings(patience));
    const { ids, title } = attack;
    const result = { ids, title, outcome, ms: Math.round(performance.now() - begun) };
    results.push(result);
    onResult(result);
  }
  return results;
}

async function make(attack: Attack, target: Target | Stage, findings: Findings): Promise<Outcome> {
  if (attack.needs === 'something else') return { kind: 'left-out', reason: attack.reason };
  try {
    if (attack.needs === 'url') return findings.outcome(await attack.run(target, findings));
    if (!isStage(target)) return { kind: 'left-out', reason: 'needs accounts, mails, stores or processes of its own' };
    return findings.outcome(await attack.run(target, findings));
  } catch (fault) {
    return findings.endedBy(fault);
  }
}

/** Whether the results are a reason to fail. */
export function isBad({ outcome }: Result): boolean {
  return outcome.kind === 'broken' || outcome.kind === 'unfinished';
}
