import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ReceiverSettings } from '../settings/events/receivers.js';
import type { CredentialEvent } from './event.js';
import { type Posted, post, postTimeout } from './post.js';
import type { Message } from './webhook.js';

/** Keeps events from a receiver that is down: the circuit breaker that `services` hands in. */
export interface Gate {
  readonly state: 'closed' | 'open' | 'half-open';
  /** @returns undefined while nothing must go. The caller must call exactly one of the functions. */
  admit(name: string): { readonly answered: () => void; readonly failed: () => void } | undefined;
  close(): void;
}

/** `Resting`: it failed again and again, and is asked nothing for now. `ms`: how long the attempt took. */
export type Sent = { readonly kind: 'Resting' } | (Posted & { readonly ms: number });

export interface ReceiverOptions {
  /** Connections at the same time, at most. */
  readonly connections: number;
  readonly gate: Gate;
  /** Makes what is sent at this time (milliseconds since 1970). */
  readonly messageOf: (event: CredentialEvent, now: number) => Message | Promise<Message>;
  /** Milliseconds of one attempt. */
  readonly timeoutMs?: number;
}

/** A URL that is told of events. */
export class Receiver {
  readonly #agent: HttpAgent;

  constructor(
    private readonly settings: Pick<ReceiverSettings, 'id' | 'name' | 'url'>,
    private readonly options: ReceiverOptions,
  ) {
    // An agent of its own: Node's global one may be told to use a proxy by the environment.
    const Agent = settings.url.startsWith('https:') ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.connections, timeout: 60_000 });
  }

  get id(): string {
    return this.settings.id;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Whether it is asked, as far as this process knows. */
  get isUp(): boolean {
    return this.options.gate.state === 'closed';
  }

  /** Makes one attempt. Its fault is a value: rejects only where the event cannot be signed. */
  async send(event: CredentialEvent, signal: AbortSignal): Promise<Sent> {
    const { gate, messageOf, timeoutMs = postTimeout } = this.options;
    const message = await messageOf(event, Date.now());
    const pass = gate.admit(this.id);
    if (!pass) return { kind: 'Resting' };
    const begun = performance.now();
    const posted = await post(this.settings.url, message, this.#agent, timeoutMs, signal);
    // A refusal of this event (4xx) says that the receiver is there; a redirect is no receiver.
    const isThere = posted.kind === 'Answered' && (isTaken(posted) || isAboutTheEvent(posted.status));
    if (isThere) pass.answered();
    else pass.failed();
    return { ...posted, ms: Math.round(performance.now() - begun) };
  }

  close(): void {
    this.options.gate.close();
    this.#agent.destroy();
  }
}

export function isTaken(sent: Sent | Posted): boolean {
  return sent.kind === 'Answered' && sent.status >= 200 && sent.status < 300;
}

const isAboutTheEvent = (status: number) => status >= 400 && status < 500 && status !== 429 && status !== 408;
