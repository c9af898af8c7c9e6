import { ErrorCode, requestErrorCodes } from '../../../src/calls/errors.js';
import { type Answer, tracesOf } from '../../attacks/attack.js';
import { Finding } from '../fuzzer.js';

const known = new Set<unknown>(
  [...requestErrorCodes, ...Object.values(ErrorCode)].filter((code) => code !== 'INTERNAL_SERVER_ERROR'),
);

/** @returns the codes or `data`. @throws Finding for an answer that none of ours may be. */
export function judgeAnswer({ status, headers, body }: Answer): string {
  if (status >= 500 && status !== 503) throw new Finding(`an answer has the status ${status}`);
  const traces = tracesOf(body + JSON.stringify(headers));
  if (traces.length > 0) throw new Finding(`an answer repeats a value (${traces.join(', ')})`);
  const { data, errors } = parsed(body);
  if (errors === undefined) {
    if (status !== 200 || typeof data !== 'object')
      throw new Finding(`an answer with ${status} has neither data nor errors`);
    return 'data';
  }
  if (!Array.isArray(errors) || errors.length === 0) throw new Finding('an answer has a list of errors that is none');
  const codes = new Set(errors.map((each: { extensions?: { code?: unknown } }) => each.extensions?.code));
  const strange = [...codes].find((code) => !known.has(code));
  if (strange !== undefined || codes.has(undefined)) throw new Finding(`an answer has the code ${strange}`);
  if (status === 503 && !codes.has('TEMPORARILY_UNAVAILABLE')) throw new Finding('a 503 is none of ours');
  return `${status} ${[...codes].sort().join(' ')}`;
}

function parsed(body: string): { data?: unknown; errors?: unknown } {
  try {
    return Object(JSON.parse(body));
  } catch {
    throw new Finding('an answer is no JSON');
  }
}
