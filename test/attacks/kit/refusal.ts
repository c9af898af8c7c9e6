import { type Answer, verdictOf } from '../attack.js';
import type { Findings } from './findings.js';

/** Notes a call that must be refused before anything of it runs: a status 4xx, no data, little time. */
export async function expectRefused(
  findings: Findings,
  input: string,
  call: () => Promise<Answer>,
  statuses: readonly number[] = [400, 413],
): Promise<Answer> {
  const begun = performance.now();
  const answer = await call().catch((error: Error): Answer => {
    // A server that refuses a large body may close while the rest is still being sent.
    if (!statuses.includes(413) || !/EPIPE|ECONNRESET/.test(error.message)) throw error;
    return { status: 413, headers: {}, body: error.message };
  });
  const ms = Math.round(performance.now() - begun);
  const isRefused = statuses.includes(answer.status) && !/"data":(?!null)/.test(answer.body);
  findings.note(input, isRefused && ms < findings.patience, `${answer.status} after ${ms} ms: ${answer.body}`);
  return answer;
}

/** The type of the answer's one result or the codes of its errors; for what is no JSON its status. */
export function kindOf(answer: Answer): string {
  try {
    return verdictOf(answer);
  } catch {
    return `HTTP ${answer.status}`;
  }
}
