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
  /** What we call ourselves, unless the relay's URL says otherwise. */
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
/** Of these many different recipient domains in a row no one is to blame. */
const domainsOfARelay = 3;

/** One relay: its connections, and whether mails may go there. */
export class Relay {
  readonly name: string;
  readonly #lines: RelayLines;
  readonly #breaker: RelayBreaker;
  readonly #refused = new DomainsInARow(domainsOfARelay);
  readonly #patience: number;
  readonly #now: () => number;

  /** @param changed told when mails stop, when one may try, and when all may go again. */
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

  /** Lines that there may be at the same time: fewer than were asked for while the relay says that they are too many. */
  get lines(): number {
    return this.#lines.size;
  }

  /** Whether `admit` would give leave. */
  admits(to: string): boolean {
    return this.#breaker.admits(recipientDomain(to));
  }

  /** Leave to hand one mail over, undefined while the relay rests. */
  admit(to: string): Pass | undefined {
    return this.#breaker.admit(recipientDomain(to));
  }

  /** @param share milliseconds. @returns undefined once the relay answered 250. Never throws. */
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
   * Takes up a line as a mail would, opened where a mail would open it, until `work` ends, and sends nothing. A relay that
   * is only tried again gets mails alone: what they meet decides.
   *
   * @param work told how to ask the relay as often as a mail would, for nothing.
   * @returns false when there was no line to be had.
   */
  async hold(
    to: string,
    signal: AbortSignal,
    work: (askAround: () => Promise<void>) => Promise<void>,
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
    // Recipients of so many domains in a row: it is us whom the relay refuses.
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

/** What ends a dialogue before anything of the mail went over a line that was used before: the server's time for it ran out. */
function isIdleEnd(error: unknown, { stage, reason, status }: SmtpFailure): boolean {
  if (!(error instanceof LineFault) || !['MAIL', 'RCPT', 'DATA', 'idle'].includes(stage ?? '')) return false;
  return status === undefined
    ? /^smtp-(?:connection|socket)$/.test(reason)
    : stage === 'MAIL' && status.startsWith('421');
}

function isAborted(error: unknown): boolean {
  return error instanceof LineFault && (error.cause as { name?: unknown } | undefined)?.name === 'AbortError';
}
