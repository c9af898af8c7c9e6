import { digestOf, mintResetKey } from '../../../src/password-reset/keys/reset-key.js';
import { eventually } from '../../support/eventually.js';
import type { TestLatchkey } from '../../support/latchkey.js';
import { Random } from '../../support/random.js';
import type { TestDatabase } from '../../support/stores.js';

interface Person {
  readonly email: string;
  readonly id: string;
  password: string;
  version: number;
}

type Typed = { readonly __typename: string };

/** The answers that a call may get while PostgreSQL fails: any other contradicts an earlier answer. */
const mayEnd: Record<string, string[]> = {
  request: ['PasswordResetRequested', 'TemporarilyUnavailable'],
  inspect: ['ResetKeyValid', 'TemporarilyUnavailable'],
  reset: ['PasswordResetCompleted', 'TemporarilyUnavailable'],
  signIn: ['SignedIn', 'TemporarilyUnavailable'],
  change: ['PasswordChanged', 'TemporarilyUnavailable'],
};

/** Simulated people: each makes one call after the other, and knows which answers would be wrong. */
export class Load {
  /** Counts calls by kind and answer, for instance `reset TemporarilyUnavailable`. */
  readonly tally: Record<string, number> = {};
  readonly lies: string[] = [];
  /** Milliseconds that the slowest call took. */
  slowest = 0;
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();
  #passwords = 0;

  private constructor(
    private readonly latchkey: TestLatchkey,
    readonly people: Person[],
  ) {}

  static async of(latchkey: TestLatchkey, count: number, name: string): Promise<Load> {
    const people: Person[] = [];
    for (let each = 0; each < count; each++) {
      const email = `${name}.${each}@example.com`;
      const password = 'the password that gets lost';
      people.push({ email, id: await latchkey.signUp(email, password), password, version: 1 });
    }
    return new Load(latchkey, people);
  }

  start(): void {
    this.#stopped = false;
    this.#running = Promise.all(this.people.map((person, index) => this.#live(person, new Random(index))));
  }

  /** Waits until each person has finished the current action, with its retries after TemporarilyUnavailable. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Makes one call, measures and counts it, and notes a lie when its answer is not in `mayEnd` or excused. */
  async call<Result extends Typed>(
    what: string,
    act: () => Promise<Result>,
    excuses?: (result: Result) => Promise<boolean>,
  ): Promise<Result | undefined> {
    const start = performance.now();
    const result = await act().catch((error: Error) => {
      this.lies.push(`${what} threw ${error.message} ${JSON.stringify((error as { errors?: unknown }).errors)}`);
      return undefined;
    });
    this.slowest = Math.max(this.slowest, performance.now() - start);
    const ended = `${what} ${result?.__typename ?? 'error'}`;
    this.tally[ended] = (this.tally[ended] ?? 0) + 1;
    if (result && !mayEnd[what]?.includes(result.__typename) && !(await excuses?.(result))) {
      this.lies.push(JSON.stringify([what, result]));
    }
    return result;
  }

  /** Makes and stores a reset key as the worker does, and sends no mail. */
  async mint({ id, version }: Person): Promise<string> {
    const key = mintResetKey();
    const expiresAt = new Date(Date.now() + 3_600_000);
    await this.latchkey.services.resetKeys.remember(
      digestOf(key),
      { accountId: id, credentialVersion: version, expiresAt },
      3_600,
    );
    return key;
  }

  /** Resets the password with a new key; repeats the call, after a pause, as long as it is TemporarilyUnavailable. */
  async reset(person: Person, pauseMs = 50): Promise<void> {
    const { client } = this.latchkey;
    const key = await this.mint(person);
    const password = this.#newPassword();
    for (;;) {
      const act = () => client.resetPassword({ key, password });
      const result = await this.call('reset', act, async () => this.#wasRepairedTooOften(person));
      if (result?.__typename !== 'TemporarilyUnavailable') break;
      await pause(pauseMs);
    }
    Object.assign(person, { password, version: person.version + 1 });
  }

  async signIn(person: Person): Promise<string | undefined> {
    const { email, password } = person;
    const result = await this.call('signIn', () => this.latchkey.client.signIn({ email, password }));
    return result?.__typename === 'SignedIn' ? result.accessToken : undefined;
  }

  /** Changes the password. When the answer leaves it unclear, a sign-in tells which of the two passwords is valid. */
  async change(person: Person): Promise<void> {
    const token = await this.signIn(person);
    if (!token) return;
    const newPassword = this.#newPassword();
    const input = { currentPassword: person.password, newPassword };
    const result = await this.call('change', () => this.latchkey.as(token).changePassword(input));
    const changed =
      result?.__typename === 'PasswordChanged' ||
      (await eventually(
        async () => {
          const { client } = this.latchkey;
          for (const password of [newPassword, person.password]) {
            const tried = await client.signIn({ email: person.email, password });
            if (tried.__typename === 'SignedIn') return password;
          }
          return undefined;
        },
        (password) => password !== undefined,
        20_000,
      )) === newPassword;
    if (changed) Object.assign(person, { password: newPassword, version: person.version + 1 });
  }

  /** @returns the lies, and where tables and mails break I3 or I5, or show that something was lost or done twice. */
  async contradictions(database: TestDatabase): Promise<string[]> {
    const found = [...this.lies];
    for (const person of this.people) {
      const [row] = await database.query(
        `select credential_version as version,
                (select count(*)::int from reset_receipt where account_id = a.id) as receipts,
                (select count(*)::int from audit_event where account_id = a.id and kind = 'reset.completed') as resets,
                (select count(*)::int from audit_event where account_id = a.id and kind = 'account.password-changed') as changes,
                (select count(*)::int from job where name = 'credential-notice' and data ->> 'accountId' = a.id::text) as notices,
                (select coalesce(max((data ->> 'changedAt')::timestamptz) >= date_trunc('milliseconds', a.credentials_changed_at), a.credential_version = 1)
                   from job where name = 'credential-notice' and data ->> 'accountId' = a.id::text) as told
           from account a where id = $1`,
        [person.id],
      );
      const { version, receipts, resets, changes, notices, told } = row ?? {};
      const isSound = version === person.version && resets === receipts && told && notices <= receipts + changes;
      if (!isSound || version !== 1 + receipts + changes) found.push(JSON.stringify({ ...person, ...row }));
      if (!(await this.signIn(person))) found.push(`${person.email} cannot sign in`);
    }
    const ids = this.latchkey.inbox.mails().map(({ messageId }) => messageId);
    for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) found.push(`sent twice: ${id}`);
    return found;
  }

  async #live(person: Person, random: Random): Promise<void> {
    const { client } = this.latchkey;
    while (!this.#stopped) {
      const choice = random.next();
      if (choice < 0.3) await this.call('request', () => client.requestPasswordReset({ email: person.email }));
      else if (choice < 0.4) await this.call('inspect', async () => client.passwordResetKey(await this.mint(person)));
      else if (choice < 0.7) await this.reset(person);
      else if (choice < 0.85) await this.signIn(person);
      else await this.change(person);
      await pause(20);
    }
  }

  /** Whether all three replays were used, because their answers were lost too: only then a retry is told USED. */
  async #wasRepairedTooOften({ id, version }: Person): Promise<boolean> {
    const sql = 'select 1 from reset_receipt where account_id = $1 and from_version = $2 and replay_count = 3';
    return (await this.latchkey.database.query(sql, [id, version])).length === 1;
  }

  #newPassword(): string {
    return `a quite new password ${++this.#passwords}`;
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Milliseconds until `/readyz` is healthy, a request is accepted, and its mail has arrived. */
export async function recovery(
  latchkey: TestLatchkey,
  email: string,
): Promise<{ ready: number; accepted: number; mailed: number }> {
  const start = performance.now();
  const since = () => Math.round(performance.now() - start);
  const limit = 20_000;
  await eventually(
    () => fetch(`${latchkey.url}/readyz`),
    ({ status }) => status === 200,
    limit,
  );
  const ready = since();
  const before = new Set(latchkey.inbox.mails());
  await eventually(
    () => latchkey.client.requestPasswordReset({ email }),
    ({ __typename }) => __typename === 'PasswordResetRequested',
    limit,
  );
  const accepted = since();
  await latchkey.inbox.waitFor(
    (mail) => !before.has(mail) && mail.to.includes(email) && mail.text.includes('#key='),
    limit,
  );
  return { ready, accepted, mailed: since() };
}
