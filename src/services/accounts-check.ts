import type { TableFault, Verdict } from '../accounts/source/verdict.js';
import { within } from '../calls/deadline.js';
import type { PartHealth } from '../http/operations.js';
import { describeFault, type Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { SettingsError } from '../settings/faults.js';
import { healthPatience } from './health-patience.js';

/** Milliseconds: how long a start waits for the check, and how long a verdict counts. */
const patience = 5_000;
const keep = 10_000;

/**
 * Whether the app's table is as `ACCOUNTS` says, and lets this process do its work. A fault that is known at the start
 * ends it; a right that is missing, or a fault that comes later, is a state of the part `accounts`. Requests are
 * answered all the same.
 */
export class AccountsCheck {
  #verdict: { readonly at: number; readonly verdict: Verdict } | undefined;
  #asking: Promise<Verdict | undefined> | undefined;
  #told = '';

  /** @param check undefined where accounts live in our own table. */
  constructor(
    private readonly check: (() => Promise<Verdict>) | undefined,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** @throws SettingsError with every fault that is known by then. */
  async start(): Promise<void> {
    if (!this.check) return;
    const verdict = await within(patience, this.#ask(), () => undefined);
    const faults = verdict?.faults ?? [];
    if (faults.length > 0) throw new SettingsError(faults.map(asSetting));
  }

  /** Undefined where there is nothing to check. Never rejects. */
  async health(): Promise<PartHealth | undefined> {
    if (!this.check) return undefined;
    const isFresh = this.#verdict && performance.now() - this.#verdict.at < keep;
    const last = () => this.#verdict?.verdict;
    const verdict = isFresh ? last() : await within(healthPatience, this.#ask(), last);
    if (!verdict) return 'starting';
    const [fault] = verdict.faults;
    if (fault) return `refuses: "${fault.key}" ${fault.fault}`;
    return verdict.forbidden.length > 0 ? `forbidden: 42501 ${verdict.forbidden.join(', ')}` : 'ok';
  }

  #ask(): Promise<Verdict | undefined> {
    this.#asking ??= this.#look().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #look(): Promise<Verdict | undefined> {
    try {
      const verdict = await this.check?.();
      this.#verdict = verdict && { at: performance.now(), verdict };
      if (verdict) this.#tell(verdict);
      return verdict;
    } catch (error) {
      this.#verdict = undefined;
      this.log.warn({ part: 'accounts', fault: describeFault(error) }, 'the table of ACCOUNTS cannot be checked yet');
      return undefined;
    }
  }

  /** Once for each state. */
  #tell({ faults, forbidden }: Verdict): void {
    const said = [...faults.map(asSetting).map(({ fault }) => fault), ...forbidden].join('; ');
    if (said && said !== this.#told) {
      this.metrics.alarm('accounts-refused');
      this.log.error(
        { part: 'accounts', setting: 'ACCOUNTS', reason: said },
        'ALARM: the table of ACCOUNTS cannot be used',
      );
    }
    this.#told = said;
  }
}

function asSetting({ key, fault }: TableFault) {
  return { name: 'ACCOUNTS', fault: `"${key}" ${fault}` };
}
