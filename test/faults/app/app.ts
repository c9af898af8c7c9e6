import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import type { Random } from '../../support/random.js';
import { type Known, newPassword } from '../accounts.js';
import type { AppOperation } from '../operations.js';
import type { Stage } from '../stage.js';
import type { AppRows, Row } from './rows.js';
import { AppSession } from './session.js';
import { type AppHome, bcryptCost } from './tables.js';

/** What the app needs to know of a round. */
export interface AppRound {
  readonly stage: Stage;
  readonly seed: number;
  readonly name: string;
  readonly accounts: readonly Known[];
  /** Accounts that one session of the app works on: two of its own would meet each other, and not us. */
  readonly busy: Set<Known>;
  readonly appWeights: Readonly<Record<AppOperation, number>>;
}

/** A session of the app that owns the accounts: it writes to its rows whenever it likes, in any order of locks. */
export class App {
  readonly #session: AppSession;
  readonly #home: AppHome;

  constructor(
    private readonly round: AppRound,
    private readonly random: Random,
  ) {
    const { home } = round.stage;
    if (home === 'own') throw new Error('nobody but us writes to our own table');
    this.#home = home;
    this.#session = new AppSession(round.stage, home);
  }

  async run(until: () => boolean, paceMs: number): Promise<void> {
    while (!until()) {
      const account = this.random.pick(this.round.accounts);
      const operation = this.random.weighted(this.round.appWeights);
      if (!this.round.busy.has(account)) {
        this.round.busy.add(account);
        await this[operation](account).finally(() => this.round.busy.delete(account));
      }
      await sleep(this.random.next() * 2 * paceMs);
    }
    await this.#session.close();
  }

  /** Hashes the password anew at a sign-in, and writes it over the hash that it read, as it should. */
  async appSignsIn(account: Known): Promise<void> {
    await this.#work(account, 'appSignsIn', async (rows) => {
      const read = await rows.read();
      if (!(await opens(read?.hash, account.password))) return;
      await this.#pause(100);
      await rows.write(await this.#hash(account.password), read?.hash ?? undefined);
    });
  }

  /** The same without the guard, a while later: whatever was set meanwhile is lost. */
  async appSavesWhatItRead(account: Known): Promise<void> {
    const password = account.password;
    await this.#work(account, 'appSavesWhatItRead', async (rows) => {
      const read = await rows.read();
      if (!(await opens(read?.hash, password))) return;
      await this.#pause(600);
      await rows.write(await this.#hash(password));
    });
  }

  async appChangesPassword(account: Known): Promise<void> {
    const password = newPassword(this.round.seed);
    account.passwords.push(password);
    const hash = await this.#hash(password);
    const steps = [
      (rows: AppRows) => rows.write(hash),
      (rows: AppRows) => rows.run('delete from public.session where user_id = $1'),
    ];
    const isDone = await this.#work(account, 'appChangesPassword', (rows) => this.#inAnyOrder(rows, steps));
    if (isDone) account.password = password;
  }

  async appMoves(account: Known): Promise<void> {
    const local = `moved-${this.random.between(1, 1e9)}`;
    const email = `${local}@${this.round.name}.example`;
    account.emails.push(email);
    const stored = this.random.chance(0.3) ? email.replace('moved', 'Moved') : email;
    const isDone = await this.#work(account, 'appMoves', async (rows) => {
      // The row of the hash first, so that who waits for it meets an owner that changes.
      await rows.touch();
      await this.#pause(60);
      await rows.run('update public.users set email = $2 where id = $1', stored);
    });
    if (isDone) account.email = email;
  }

  async appSuspends(account: Known): Promise<void> {
    await this.#work(account, 'appSuspends', async (rows) => {
      await rows.touch();
      await this.#pause(60);
      await rows.run('update public.users set suspended_at = now() where id = $1');
    });
    await this.#pause(800);
    await this.#work(account, 'appSuspends', (rows) =>
      rows.run('update public.users set suspended_at = null where id = $1'),
    );
  }

  /** Takes the password away, so that its owner has to begin with a recovery. */
  async appForcesReset(account: Known): Promise<void> {
    await this.#work(account, 'appForcesReset', (rows) => rows.write(null));
  }

  /** Deletes the account and makes it anew under the same id, in one transaction or two. */
  async appMakesAnew(account: Known): Promise<void> {
    const password = this.random.chance(0.5) ? newPassword(this.round.seed) : account.password;
    account.passwords.push(password);
    const hash = await this.#hash(password);
    const isOneStep = this.random.chance(0.5);
    const create = (rows: AppRows) => rows.insert(account.email, hash);
    await this.#work(account, 'appMakesAnew', async (rows) => {
      await rows.delete();
      if (isOneStep) await create(rows);
    });
    if (!isOneStep) {
      await this.#pause(500);
      await this.#work(account, 'appMakesAnew', async (rows) => {
        if (!(await rows.read())) await create(rows);
      });
    }
    account.password = password;
  }

  /** Saves a row as it was a while ago, address and all. */
  async appRestores(account: Known): Promise<void> {
    let saved: Row | undefined;
    await this.#work(account, 'appRestores', async (rows) => {
      saved = await rows.read();
    });
    await this.#pause(1_500);
    if (!saved) return;
    const { email, suspended, hash } = saved;
    const isDone = await this.#work(account, 'appRestores', async (rows) => {
      await rows.write(hash);
      const whole = 'update public.users set email = $2, suspended_at = $3 where id = $1';
      await rows.run(whole, email, suspended);
    });
    if (isDone) account.email = email.toLowerCase();
  }

  /** Locks its rows in any order, and changes nothing that ends a key. */
  async appTouches(account: Known): Promise<void> {
    const steps = [
      (rows: AppRows) => rows.run('select 1 from public.session where user_id = $1 for update'),
      (rows: AppRows) => rows.touch(),
      (rows: AppRows) => rows.run('insert into public.session (user_id) values ($1)'),
      (rows: AppRows) => rows.run('update public.users set updated_at = now() where id = $1'),
    ];
    await this.#work(account, 'appTouches', (rows) => this.#inAnyOrder(rows, steps));
  }

  /** Where hashes have a table of their own: a second one for a while. */
  async appAddsHash(account: Known): Promise<void> {
    if (this.#home !== 'logins') return;
    await this.#work(account, 'appAddsHash', (rows) => rows.addSecondHash());
    await this.#pause(500);
    await this.#work(account, 'appAddsHash', (rows) => rows.dropSecondHash());
  }

  /** After the last fault: every account is there, open and with one row for a hash. Tries until that is so. */
  async mend(): Promise<void> {
    for (const account of this.round.accounts) {
      const repair = async (rows: AppRows) => {
        const read = await rows.read();
        if (!read) {
          await rows.insert(account.email, await this.#hash(account.password));
          return;
        }
        account.email = read.email.toLowerCase();
        await rows.run('update public.users set suspended_at = null where id = $1 and suspended_at is not null');
        await rows.dropSecondHash();
      };
      for (let tries = 0; !(await this.#work(account, 'mend', repair)); tries++) {
        if (tries === 30) throw new Error('the app cannot mend its accounts');
        await sleep(500);
      }
    }
    await this.#session.close();
  }

  #work(account: Known, op: AppOperation | 'mend', steps: (rows: AppRows) => Promise<unknown>): Promise<boolean> {
    return this.#session.work(account.id, op, steps);
  }

  #pause(most: number): Promise<void> {
    return sleep(this.random.between(0, most));
  }

  async #inAnyOrder(rows: AppRows, steps: readonly ((rows: AppRows) => Promise<unknown>)[]): Promise<void> {
    const left = [...steps];
    while (left.length > 0) {
      await left.splice(this.random.between(0, left.length - 1), 1)[0]?.(rows);
      await this.#pause(25);
    }
  }

  async #hash(password: string): Promise<string> {
    const hash = await bcrypt.hash(password, bcryptCost);
    this.round.stage.recording.hashes.set(hash, password);
    return hash;
  }
}

async function opens(hash: string | null | undefined, password: string): Promise<boolean> {
  return typeof hash === 'string' && bcrypt.compare(password, hash);
}
