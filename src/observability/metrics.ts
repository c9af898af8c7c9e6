import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** The alarms. An operator must look at each. */
export const alarms = [
  'wrong-current-passwords',
  'forged-reset-record',
  'relay-refuses-us',
  'relay-certificate',
  'redis-evicts',
  'audit-event-lost',
  'untrusted-proxy',
  'connections-full',
  'connections-of-one-client',
  'data-key-unreadable',
  'accounts-refused',
  'address-of-several-accounts',
  'app-wrote-over-reset',
] as const;
export type Alarm = (typeof alarms)[number];

/** Kinds of stored hashes that cannot be verified here. */
export const unreadableKinds = [
  'argon',
  'bcrypt',
  'crypt',
  'digest',
  'marked',
  'pbkdf',
  'pepper',
  'phpass',
  'scrypt',
  'other',
] as const;
export type UnreadableKind = (typeof unreadableKinds)[number];

/** Name, labels and meaning of everything that is counted; the documented list is made from this. */
export const counted = {
  latchkey_operations_total: { labels: ['field', 'result'], help: 'Root fields answered, by the type of their result' },
  latchkey_jobs_total: { labels: ['queue', 'outcome'], help: 'Attempts at jobs, by how they ended' },
  latchkey_mails_total: {
    labels: ['relay', 'outcome'],
    help: 'Mails handed to a relay: taken, ambiguous, or whose fault it was that the relay did not take it',
  },
  latchkey_limits_hit_total: { labels: ['limit'], help: 'Calls that a rate limit refused' },
  latchkey_audit_events_total: { labels: ['kind'], help: 'Events written to the audit trail' },
  latchkey_unreadable_hashes_total: {
    labels: ['kind'],
    help: 'Sign-ins to accounts whose hash cannot be verified here, so that their owners have to recover',
  },
  latchkey_log_lines_lost_total: { labels: [], help: 'Log lines lost because standard output did not take them' },
  latchkey_alarms_total: {
    labels: ['alarm'],
    help: `What an operator must look at: ${alarms.join(', ')}`,
  },
} as const;

/** Gauges, read each time the metrics are asked for. */
export const measured = {
  latchkey_jobs: { labels: ['queue', 'state'], help: 'Jobs that wait, are being worked on, or are dead' },
  latchkey_job_oldest_seconds: { labels: ['queue'], help: 'Age of the oldest job that waits' },
  latchkey_hashes: {
    labels: ['lane', 'state'],
    help: 'Passwords that are being hashed, and calls that wait for it; lane: own, foreign, expensive',
  },
  latchkey_redis_memory_ratio: {
    labels: [],
    help: 'Used memory divided by maxmemory; in a cluster of the fullest master',
  },
  latchkey_redis_names: { labels: ['family'], help: 'Names in Redis by their prefix, estimated from a sample' },
  latchkey_rows: { labels: ['table'], help: 'Rows of the tables that grow, by the statistics of PostgreSQL' },
  latchkey_relay_up: { labels: ['relay'], help: '1 while mails go to the relay, 0 while it rests after failures' },
  latchkey_relay_lines: { labels: ['relay'], help: 'The most connections to the relay at the same time' },
  latchkey_receiver_up: {
    labels: ['receiver'],
    help: '1 while events go to the receiver, 0 while it rests after failures',
  },
  latchkey_store_line_encrypted: {
    labels: ['store', 'security'],
    help: '0 while connections to the store are not encrypted; security: verified, authority, unverified, socket, plain',
  },
  latchkey_store_up: { labels: ['store'], help: '1 while the store works, else 0' },
} as const;

export const timed = {
  latchkey_http_request_seconds: { labels: ['route', 'method', 'status'], help: 'Time to answer an HTTP request' },
} as const;

/** Limits of the caller. Each has two names: with `-client`, and with `-network` for the networks that contain the client. */
export const callerLimitNames = ['reset', 'key-failure', 'hash', 'sign-in', 'sign-up'] as const;
export type CallerLimitName = (typeof callerLimitNames)[number];
/** Limits that do not count by the caller alone. */
export const otherLimitNames = [
  'reset-account',
  'unknown-address',
  'unknown-client',
  'unknown-all',
  'sign-in-address-client',
  'sign-in-address',
  'sign-in-device',
  'sign-up-address',
  'same-password',
  'change-password-wrong',
  'change-password',
] as const;
export type LimitName = `${CallerLimitName}-${'client' | 'network'}` | (typeof otherLimitNames)[number];

type Measurements = readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];

/** The metrics of a process. Labels are names from closed sets; never addresses, keys, ids or input. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters: Record<keyof typeof counted, Counter<string>>;
  readonly #http: Histogram<string>;

  constructor() {
    const registers = [this.#registry];
    const counters = Object.entries(counted).map(([name, { labels, help }]) => [
      name,
      new Counter({ name, help, labelNames: [...labels], registers }),
    ]);
    this.#counters = Object.fromEntries(counters);
    const [[name, { labels, help }] = ['', { labels: [], help: '' }]] = Object.entries(timed);
    const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    this.#http = new Histogram({ name, help, labelNames: [...labels], buckets, registers });
  }

  operation(field: string, result: string): void {
    this.#counters.latchkey_operations_total.inc({ field, result });
  }

  job(queue: string, outcome: string): void {
    this.#counters.latchkey_jobs_total.inc({ queue, outcome });
  }

  mail(relay: string, outcome: string): void {
    this.#counters.latchkey_mails_total.inc({ relay, outcome });
  }

  limitHit(limit: LimitName): void {
    this.#counters.latchkey_limits_hit_total.inc({ limit });
  }

  auditEvent(kind: string, count = 1): void {
    this.#counters.latchkey_audit_events_total.inc({ kind }, count);
  }

  alarm(alarm: Alarm): void {
    this.#counters.latchkey_alarms_total.inc({ alarm });
  }

  unreadableHash(kind: UnreadableKind): void {
    this.#counters.latchkey_unreadable_hashes_total.inc({ kind });
  }

  logLineLost(): void {
    this.#counters.latchkey_log_lines_lost_total.inc();
  }

  /** @param seconds from the first byte read to the last written. */
  request(route: string, method: string, status: number, seconds: number): void {
    this.#http.observe({ route, method, status: String(status) }, seconds);
  }

  /** Adds a gauge that is read each time the metrics are asked for. If `read` fails, its values are left out. */
  measure(name: keyof typeof measured, read: () => Promise<Measurements> | Measurements): void {
    const { labels, help } = measured[name];
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      async collect() {
        this.reset();
        for (const { labels: values, value } of await Promise.resolve(read()).catch(() => [])) this.set(values, value);
      },
    });
  }

  /** Memory, CPU and event loop of this process. */
  measureProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
