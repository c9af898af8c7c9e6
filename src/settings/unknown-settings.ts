import type { Environment } from './environment.js';
import type { SettingFault } from './faults.js';

/** Names with these beginnings are ours. An unknown one is refused, because a misspelt limit would not be in force. */
const ours = /^(?:LIMIT_|RESET_|ARGON2_|HASH_|PASSWORD_M|ACCESS_TOKEN_)/;
/** Names that platforms add to the environment for each service (Docker links, Kubernetes, Heroku). */
const injected = /_SERVICE_(?:HOST|PORT)(?:_\w+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$|_TLS_URL$/;
/** The one such variable that only its value tells: `RESET_PORT=tcp://10.0.0.1:80`. */
const injectedPort = /^(?:tcp|udp|sctp):\/\//;
/** Up to so many edits from one of ours, a name is a warning. */
const mostEdits = 2;
/** Not ours although close: `HOME`, which every shell sets, is two edits from `HOST`. */
const otherPrograms = new Set(['HOME']);

export interface UnknownSettings {
  /** Refused: the name begins like our settings. */
  readonly faults: readonly SettingFault[];
  /** Warned about: the name is nearly one of ours. */
  readonly warnings: readonly SettingFault[];
}

/**
 * Finds names that look like settings but are none. Empty values and names in SETTINGS_IGNORE are skipped.
 *
 * @param known every name that is read.
 */
export function unknownSettings(environment: Environment, known: readonly string[]): UnknownSettings {
  const isKnown = new Set(known);
  const ignored = new Set((environment.SETTINGS_IGNORE ?? '').split(',').map((each) => each.trim()));
  const faults: SettingFault[] = [];
  const warnings: SettingFault[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!value || isKnown.has(name) || ignored.has(name) || otherPrograms.has(name)) continue;
    if (injected.test(name) || (name.endsWith('_PORT') && injectedPort.test(value))) continue;
    const isOurs = ours.test(name);
    const { nearest, edits } = nearestTo(name.toUpperCase(), known, isOurs ? Number.POSITIVE_INFINITY : mostEdits + 1);
    if (isOurs) {
      const fault = `is no setting of this version; the nearest is ${nearest}. Allowed: that, or ${name} in SETTINGS_IGNORE`;
      faults.push({ name, fault });
    } else if (edits <= mostEdits) warnings.push({ name, fault: `is no setting; was ${nearest} meant?` });
  }
  return { faults, warnings };
}

/** @param limit only names with fewer edits are looked for. */
function nearestTo(name: string, known: readonly string[], limit: number): { nearest: string; edits: number } {
  let best = { nearest: '', edits: limit };
  for (const each of known) {
    const edits = distance(name, each, best.edits);
    if (edits < best.edits) best = { nearest: each, edits };
  }
  return best;
}

/** Levenshtein distance; if the lengths alone differ by `limit` or more, `limit` is returned without counting. */
function distance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
