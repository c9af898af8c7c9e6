import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { type BreakerState, type BreakerTiming, breakerTiming, type Pass, RelayBreaker } from './relay-breaker.js';
import { type SmtpFailure, smtpFailure } from './smtp-failure.js';

/** Milliseconds. `whole` bounds a mail over all relays, also when each step is slow but none too slow. */
export interface SmtpTimeouts {
  readonly dns: number;
  readonly connection: number;
  readonly greeting: number;
  readonly silence: number;
  /** How long a mail waits for a relay while all of them rest; part of `whole`. */
  readonly patience: number;
  readonly whole: number;
}

export const smtpTimeouts: SmtpTimeouts = {
  dns: 5_000,
  connection: 5_000,
  greeting: 5_000,
  silence: 20_000,
  patience: 5_000,
  whole: 60_000,
};

export interface RelayOptions {
  /** Connections to each relay. */
  readonly connections: number;
  readonly requireTls: boolean;
  readonly timeouts?: SmtpTimeouts;
  readonly breaker?: BreakerTiming;
}

/** A hand-over that did not end with a 250. `unclear`: the mail was handed over whole, and the answer never came. */
export interface NotTaken extends SmtpFailure {
  readonly unclear: boolean;
}

/** One relay: its connections, and whether mails may go there. */
export class Relay {
  readonly name: string;
  readonly #transport: Transporter;
  readonly #breaker: RelayBreaker;

  /** @param changed told when mails stop, when one may try, and when all may go again. */
  constructor(
    url: string,
    options: RelayOptions,
    private readonly log: Log,
    private readonly metrics: Metrics,
    changed: (state: BreakerState) => void,
  ) {
    this.name = new URL(url).host;
    this.#transport = open(url, options);
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

  /** Whether `admit` would give leave. */
  get admits(): boolean {
    return this.#breaker.admits;
  }

  /** Leave to hand one mail over, undefined while the relay rests. */
  admit(): Pass | undefined {
    return this.#breaker.admit();
  }

  /** @param share milliseconds. @returns undefined once the relay answered 250. Never throws. */
  async handOver(message: SendMailOptions, share: number, pass: Pass): Promise<NotTaken | undefined> {
    let wasHandedOver = false;
    const onHandedOver = () => {
      wasHandedOver = true;
    };
    try {
      const handedOver = { [handedOverName]: onHandedOver };
      await this.#transport.sendMail({ ...message, ...handedOver, signal: AbortSignal.timeout(share) });
      pass.answered();
      this.metrics.mail(this.name, 'taken');
      return undefined;
    } catch (error) {
      const failure = smtpFailure(error);
      const unclear = wasHandedOver && failure.status === undefined;
      if (failure.relayDown) pass.failed();
      else pass.answered();
      this.#tell(failure, unclear);
      return { ...failure, unclear };
    }
  }

  close(): void {
    this.#breaker.close();
    this.#transport.close();
  }

  #tell({ fault, reason, status }: SmtpFailure, unclear: boolean): void {
    this.metrics.mail(this.name, unclear ? 'ambiguous' : fault);
    const fields = { relay: this.name, reason, smtpStatus: status };
    if (fault === 'relay') {
      this.metrics.alarm('relay-refuses-us');
      this.log.error(fields, 'ALARM: the relay refuses us');
    } else if (unclear) {
      this.log.warn(fields, 'a relay was given a mail and did not answer: it may have taken it');
    } else {
      this.log.warn(fields, 'a relay did not take a mail');
    }
  }
}

/** Our own name among the message's data: called when the last byte of the mail went to the socket. */
const handedOverName = 'latchkeyHandedOver';

function open(url: string, { connections, requireTls, timeouts = smtpTimeouts }: RelayOptions): Transporter {
  const { hostname, searchParams } = new URL(url);
  const isThisMachine = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const saysOtherwise = searchParams.has('ignoreTLS') || searchParams.has('requireTLS');
  const transport: Transporter = createTransport({
    url,
    pool: true,
    maxConnections: connections,
    maxMessages: 1_000,
    maxRecipients: 1,
    dnsTimeout: timeouts.dns,
    connectionTimeout: timeouts.connection,
    greetingTimeout: timeouts.greeting,
    socketTimeout: timeouts.silence,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(requireTls && !isThisMachine && !saysOtherwise ? { requireTLS: true } : {}),
  });
  // The dialogue's errors do not tell whether the mail was on its way already. The body is read after the relay's 354.
  return transport.use('stream', ({ data, message }, done) => {
    const told: unknown = data[handedOverName as keyof typeof data];
    if (typeof told === 'function') message?.processFunc((body) => body.once('end', () => told()));
    done();
  });
}
