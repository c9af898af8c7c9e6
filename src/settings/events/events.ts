import type { Command } from '../environment.js';
import { type ReceiverSettings, receiversOf } from './receivers.js';

type Secrets = readonly (readonly string[])[];
type Name = 'EVENTS_URL' | 'EVENTS_SECRET';

interface EventValues {
  readonly EVENTS_URL: readonly string[] | undefined;
  readonly EVENTS_SECRET: Secrets | undefined;
  readonly EVENTS_FORMAT: 'webhook' | 'caep';
}

/** What `readSettings` checks with. */
interface Checking {
  readonly production: boolean;
  isSet(name: Name): boolean;
  isWrong(name: Name): boolean;
  fault(name: Name, text: string): void;
  required(name: 'EVENTS_SECRET', commands: readonly Command[], why: string): Secrets | undefined;
}

/** Who is told of events, and how; reports what does not fit together. */
export function eventsOf(
  { EVENTS_URL: urls = [], EVENTS_FORMAT: format, EVENTS_SECRET: given = [] }: EventValues,
  { production, isSet, isWrong, fault, required }: Checking,
): { format: EventValues['EVENTS_FORMAT']; receivers: ReceiverSettings[] } {
  const isTold = urls.length > 0;
  const why = 'give a secret for each URL of EVENTS_URL, for instance whsec_ and what `openssl rand -base64 32` prints';
  if (format === 'webhook') required('EVENTS_SECRET', isTold ? ['worker', 'dev'] : [], why);
  if (production && urls.some((url) => url.startsWith('http:'))) {
    fault('EVENTS_URL', 'names an http URL; production allows https only');
  }
  const hasSecrets = isSet('EVENTS_SECRET');
  if (hasSecrets && isTold && format === 'caep') {
    fault('EVENTS_SECRET', 'is set; with EVENTS_FORMAT=caep the key of the JWKS signs; allowed: none');
  } else if (hasSecrets && given.length !== urls.length && !isWrong('EVENTS_URL')) {
    const counts = `has the secrets of ${given.length} URLs, and EVENTS_URL names ${urls.length}`;
    fault('EVENTS_SECRET', `${counts}; allowed: one for each, separated by commas, in the same order`);
  }
  return { format, receivers: receiversOf(urls, format === 'caep' ? [] : given) };
}
