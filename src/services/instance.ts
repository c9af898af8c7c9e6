import { setTimeout as pause } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { within } from '../calls/deadline.js';
import { describeFault, type Log } from '../observability/log.js';
import { ours } from '../stores/postgres/schemas.js';

/** The tables belong to an installation with another origin; the message says what the operator can do. */
export class OriginRefused extends Error {
  override name = 'OriginRefused';
  constructor(schema: string, theirs: string, own: string) {
    super(
      `the schema ${schema} belongs to the Latchkey of ${theirs}, and PUBLIC_URL is ${own} here: a second installation needs a ` +
        'DATABASE_SCHEMA of its own; if this one has moved, run `latchkey migrate adopt-origin` with the new PUBLIC_URL',
    );
  }
}

/** Milliseconds: how long `start` waits for the answer, and the pause between two tries. */
const patience = 2_000;
const between = 1_000;

/**
 * Whether the tables are those of this installation: its first start writes its origin into them. Two installations in
 * one schema by mistake would work on each other's jobs and send each other's mails.
 */
export class Instance {
  /** Resolves once that is known. @throws OriginRefused later on, if the database was away at start. */
  readonly known: Promise<void>;
  #know: () => void = () => undefined;
  #refuse: (error: OriginRefused) => void = () => undefined;
  #asking: Promise<void> | undefined;
  readonly #end = new AbortController();

  /** @param origin undefined: nothing is asked. In development the port, and so the origin, is another one each time. */
  constructor(
    private readonly orm: MikroORM,
    private readonly origin: string | undefined,
    private readonly log: Log,
  ) {
    this.known = new Promise((resolve, reject) => {
      this.#know = resolve;
      this.#refuse = reject;
    });
    // Whoever waits hears of it; without anybody it is no unhandled rejection.
    this.known.catch(() => undefined);
  }

  /**
   * Asks, and waits up to two seconds for the answer; then it goes on asking.
   *
   * @throws OriginRefused if that is known by then.
   */
  async start(): Promise<void> {
    this.#asking ??= this.#askPatiently();
    await within(patience, this.known, () => undefined);
  }

  stop(): void {
    this.#end.abort();
  }

  async #askPatiently(): Promise<void> {
    let isTold = false;
    while (!this.#end.signal.aborted) {
      try {
        if (this.origin !== undefined) await this.#ask(this.origin);
        return this.#know();
      } catch (error) {
        if (error instanceof OriginRefused) return this.#refuse(error);
        if (!isTold) {
          const hint = 'is the database reachable, and did `latchkey migrate up` run?';
          const message = `whose tables these are cannot be read yet; ${hint}`;
          this.log.warn({ part: 'instance', fault: describeFault(error) }, message);
        }
        isTold = true;
      }
      await pause(between, undefined, { ref: false, signal: this.#end.signal }).catch(() => undefined);
    }
  }

  async #ask(origin: string): Promise<void> {
    const first = (await originOf(this.orm)) ?? (await this.#write(origin));
    if (first !== origin) throw new OriginRefused(String(this.orm.config.get('schema')), String(first), origin);
  }

  /** Of several processes that start at the same time, one writes the row. */
  async #write(origin: string): Promise<string | undefined> {
    const statement = `insert into ${ours(this.orm, 'instance')} (origin) values (?) on conflict do nothing`;
    await this.orm.em.fork().execute(statement, [origin]);
    return originOf(this.orm);
  }
}

/** Makes this origin that of the tables. @returns the one before it, if there was one. */
export async function adoptOrigin(orm: MikroORM, origin: string): Promise<string | undefined> {
  return orm.em.fork().transactional(async (transaction) => {
    const table = ours(orm, 'instance');
    const [row] = await transaction.execute<{ origin: string }[]>(`select origin from ${table} for update`);
    await transaction.execute(
      `insert into ${table} (origin) values (?) on conflict (id) do update set origin = excluded.origin, since = now()`,
      [origin],
    );
    return row?.origin;
  });
}

async function originOf(orm: MikroORM): Promise<string | undefined> {
  const statement = `select origin from ${ours(orm, 'instance')}`;
  const [row] = await orm.em.fork().execute<{ origin: string }[]>(statement);
  return row?.origin;
}
