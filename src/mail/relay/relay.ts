import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import { parseSmtpUrl } from '../../settings/smtp-url.js';
import { type Clock, realClock } from '../dialogue-times.js';
import { DomainsInARow, recipientDomain } from '../recipient-domain.js';
import { type SmtpFailure, smtpFailure } from '../smtp/failure.js';
import { LineFault, SmtpLine } from '../smtp/line.js';
import type { Parcel } from '../smtp/parcel.js';
import { type SmtpTimeouts, smtpTimeouts } from '../smtp/timeouts.js';
import { type BreakerState, type BreakerTiming, breakerTiming, type Pass, RelayBreaker } from './breaker.js';
import { holdLine } from './held-line.js';
import { type LinesTiming, RelayLines } from './lines.js';

export type { SmtpTimeouts } from '../smtp/timeouts.js';
export { smtpTimeouts } from '../smtp/timeouts.js';

export interface RelayOptions {
  /** Connections to each relay, at most. */
  readonly connections: number;
  readonly requireTls: boolean;
  /** Our name in EHLO, unless the relay's URL has another. */
  readonly name: string;
  readonly timeouts?: SmtpTimeouts;
  readonly breaker?: BreakerTiming;
  readonly lines?: LinesTiming;
  readonly clock?: Pick<Clock, 'now'>;
}

/** A hand-over that did not end with a 250. `unclear`: the mail was handed over whole, and the answer never came. */
export interface NotTaken extends SmtpFailure {
  readonly unclear: boolean;
}

const noLine: SmtpFailure = { fault: 'passing', reason: 'relay-full', status: undefined, relayDown: false };
/** After refusals of this many different domains in a row, the relay refuses us and not the recipients. */
const domainsOfARelay = 3;

/** One relay: its connections, and whether mails may go there. */
export class Relay {
  readonly name: string;
  readonly #lines: RelayLines;
  readonly #breaker: RelayBreaker;
  readonly #refused = new DomainsInARow(domainsOfARelay);
  readonly #patience: number;
  readonly #now: () => number;

  /**
   * @param changed called when mails stop, when one may try, and when all may go again.
   * @throws Error for a bad URL.
   */
  constructor(
    url: string,
    options: RelayOptions,
    private readonly log: Log,
    private readonly metrics: Metrics,
    changed: (state: BreakerState) => void,
  ) {
    const { timeouts = smtpTimeouts, connections, requireTls } = options;
    const address = parseSmtpUrl(url);
    this.name = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
    this.#patience = timeouts.patience;
    this.#now = (options.clock ?? realClock).now;
    const isThisMachine = ['localhost', '127.0.0.1', '::1'].includes(address.host);
    const mustEncrypt = address.requireTls ?? (requireTls && !isThisMachine && address.ignoreTls === undefined);
    const line = { address, name: address.name ?? options.name, requireTls: mustEncrypt, timeouts };
    this.#lines = new RelayLines(
      connections,
      (ended) => {
        const made: SmtpLine = new SmtpLine(line, () => ended(made));
        return made;
      },
      (count) => this.log.warn({ relay: this.name, count }, 'the number of lines to a relay changes'),
      options.lines,
    );
    this.#breaker = new RelayBreaker(options.breaker ?? breakerTiming, (state, pause) => {
      const said = { open: 'rests', 'half-open': 'is tried again with one mail', closed: 'is back' }[state];
      const fields = { relay: this.name, ...(state === 'open' ? { ms: pause } : {}) };
      this.log[state === 'open' ? 'warn' : 'info'](fields, `a relay ${said}`);
      changed(state);
    });
  }

  get isUp(): boolean {
    return this.#breaker.state === 'closed';
  }

  /** The most lines at the same time: fewer than the settings allow after the relay said that there are too many. */
  get lines(): number {
    return this.#lines.size;
  }

  /** Whether `admit` would let a mail to this address through. */
  admits(to: string): boolean {
    return this.#breaker.admits(recipientDomain(to));
  }

  /** Permission to hand one mail over; undefined while the relay rests. */
  admit(to: string): Pass | undefined {
    return this.#breaker.admit(recipientDomain(to));
  }

  /** @param share milliseconds that it may take. @returns undefined once the relay answered 250. Never throws. */
  async handOver(mail: Parcel, share: number, pass: Pass): Promise<NotTaken | undefined> {
    const parcel = { ...mail, signal: AbortSignal.any([mail.signal, AbortSignal.timeout(share)]) };
    const begun = this.#now();
    for (;;) {
      const line = await this.#lines.take(AbortSignal.any([parcel.signal, AbortSignal.timeout(this.#patience)]));
      if (!line) return this.#noLine(pass);
      const wasUsed = line.isOpen;
      try {
        if (!line.isOpen) await line.open(parcel);
        parcel.onReady?.(this.#now() - begun);
        await line.send(parcel);
        this.#lines.giveBack(line);
        pass.answered();
        this.#refused.end();
        this.metrics.mail(this.name, 'taken');
        return undefined;
      } catch (error) {
        this.#keepOrDrop(line);
        const failure = smtpFailure(error);
        if (failure.isCrowded && this.#lines.shrink() && !parcel.signal.aborted) continue;
        if (wasUsed && isIdleEnd(error, failure) && !parcel.signal.aborted) {
          this.log.warn(
            { relay: this.name, stage: failure.stage },
            'a relay had ended an idle line; the mail takes another',
          );
          continue;
        }
        return this.#notTaken(error, failure, recipientDomain(mail.to), pass);
      }
    }
  }

  /**
   * Holds a line as a mail would until `work` ends, and sends no mail. A relay that is not up gets no line for this:
   * only a mail may decide whether it is up again.
   *
   * @param work gets a function that asks the relay for as many replies as a mail does.
   * @returns false when no line was free or could be opened.
   */
  async hold(
    to: string,
    signal: AbortSignal,
    work: (askAround: (before: () => void) => Promise<void>) => Promise<void>,
  ): Promise<boolean> {
    if (!this.isUp) {
      await work(async () => undefined);
      return true;
    }
    const parts = { lines: this.#lines, patience: this.#patience, admit: () => this.admit(to) };
    return holdLine({ ...parts, tell: (failure) => this.#tell(failure, false) }, signal, work);
  }

  close(): void {
    this.#breaker.close();
    this.#lines.close();
  }

  #noLine(pass: Pass): NotTaken {
    pass.undecided();
    this.#tell(noLine, false);
    return { ...noLine, unclear: false };
  }

  #keepOrDrop(line: SmtpLine): void {
    if (line.isOpen) void line.reset().then(() => this.#lines.giveBack(line));
    else this.#lines.drop(line);
  }

  #notTaken(error: unknown, sorted: SmtpFailure, domain: string, pass: Pass): NotTaken {
    const isRefusal = sorted.fault === 'recipient' && sorted.isSuspect === true;
    const isNobodysDomain = isRefusal && this.#refused.add(domain);
    // Refusals of several domains in a row: the relay refuses us.
    const failure: SmtpFailure = isNobodysDomain ? { ...sorted, fault: 'relay' } : sorted;
    const unclear = error instanceof LineFault && error.wasHandedOver && failure.status === undefined;
    if (failure.relayDown) pass.failed();
    else if (failure.isSuspect && failure.fault === 'passing') pass.suspected();
    else if (failure.stage === undefined || isAborted(error)) pass.undecided();
    else pass.answered();
    this.#tell(failure, unclear);
    return { ...failure, unclear };
  }

  #tell({ fault, reason, status, stage }: SmtpFailure, unclear: boolean): void {
    this.metrics.mail(this.name, unclear ? 'ambiguous' : fault);
    const fields = { relay: this.name, reason, smtpStatus: status, stage };
    if (reason === 'relay-certificate') {
      this.metrics.alarm('relay-certificate');
      this.log.error(fields, 'ALARM: the certificate of the relay does not fit');
    } else if (fault === 'relay') {
      this.metrics.alarm('relay-refuses-us');
      this.log.error(fields, 'ALARM: the relay refuses us');
    } else if (unclear) {
      this.log.warn(fields, 'a relay was given a mail and did not answer: it may have taken it');
    } else {
      this.log.warn(fields, 'a relay did not take a mail');
    }
  }
}

/** Whether the server had ended an idle line before anything of the mail was sent, because its own timeout ran out. */
function isIdleEnd(error: unknown, { stage, reason, status }: SmtpFailure): boolean {
  if (!(error instanceof LineFault) || !['MAIL', 'RCPT', 'DATA', 'idle'].includes(stage ?? '')) return false;
  return status === undefined
    ? /^smtp-(?:connection|socket)$/.test(reason)
    : stage === 'MAIL' && status.startsWith('421');
}

function isAborted(error: unknown): boolean {
  return error instanceof LineFault && (error.cause as { name?: unknown } | undefined)?.name === 'AbortError';
}
