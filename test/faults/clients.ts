import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random.js';
import { createAccount, type Known, newPassword } from './accounts.js';
import { forgeRecord } from './forger.js';
import { Line, type Values } from './line.js';
import type { Operation } from './operations.js';
import type { Entry } from './recording.js';
import type { Stage } from './stage.js';

export interface Round {
  readonly stage: Stage;
  readonly seed: number;
  readonly name: string;
  readonly accounts: Known[];
  readonly weights: Readonly<Record<Operation, number>>;
  /** Milliseconds that a client waits for an answer: more than all deadlines of a call together. */
  readonly patience: number;
}

/** One person, or one attacker, who makes one call after another. Each call is recorded. */
export class Client {
  readonly #line: Line;

  constructor(
    number: number,
    private readonly round: Round,
    private readonly random: Random,
  ) {
    this.#line = new Line(number, round, random);
  }

  async run(until: () => boolean, paceMs: number): Promise<void> {
    while (!until()) {
      await this[this.random.weighted(this.round.weights)]();
      await sleep(this.random.next() * 2 * paceMs);
    }
  }

  async request(account = this.#account()): Promise<Entry> {
    const { email } = account;
    return this.#line.call({ op: 'request', email }, ({ client }) => client.requestPasswordReset({ email }));
  }

  async requestForNobody(): Promise<void> {
    const email = `nobody-${this.random.between(1, 1e6)}@${this.round.name}.example`;
    await this.#line.call({ op: 'request', email }, ({ client }) => client.requestPasswordReset({ email }));
  }

  async inspect(account = this.#account()): Promise<void> {
    const key = this.#anyKey(account);
    if (key) await this.inspectKey(key);
  }

  async inspectKey(key: string): Promise<void> {
    await this.#line.call({ op: 'inspect', key }, ({ client }) => client.passwordResetKey(key));
  }

  async resetFresh(account = this.#account()): Promise<void> {
    const key = this.#freshKey(account) ?? (await this.#mailedKey(account));
    if (key) await this.reset(account, key, newPassword(this.round.seed));
  }

  /** Redeems keys of one account at the same time, perhaps the same key twice. */
  async resetSideBySide(account = this.#account()): Promise<void> {
    const keys = this.#keys(account).slice(-3);
    if (keys.length === 0) return;
    const others = Array.from({ length: this.random.between(2, 3) }, () => this.random.pick(keys));
    const racing: Promise<unknown>[] = others.map((key) => this.reset(account, key, newPassword(this.round.seed)));
    // A signed-in change is another writer of the same row.
    if (this.random.chance(0.4)) racing.push(this.change(account));
    await Promise.all(racing);
  }

  async refusedPassword(account = this.#account()): Promise<void> {
    const key = this.#freshKey(account);
    if (key) await this.reset(account, key, 'too short');
  }

  async resetUsed(account = this.#account()): Promise<void> {
    const [key] = this.#keys(account);
    if (key) await this.reset(account, key, newPassword(this.round.seed));
  }

  /** The holder of a used key has three guesses at the password that it set. The right one comes fifth here. */
  async guessAfterReset(account = this.#account()): Promise<void> {
    const used = account.redeemed.at(-1);
    if (!used) return;
    for (let guess = 0; guess < 4; guess++) await this.reset(account, used.key, newPassword(this.round.seed));
    await this.reset(account, used.key, used.password);
  }

  async signIn(account = this.#account(), password = account.password): Promise<void> {
    const { id, email } = account;
    const entry = await this.#line.call({ op: 'signIn', account: id, email, password }, async ({ client, values }) => {
      const result = await client.signIn({ email, password });
      if (result.__typename === 'SignedIn') values.newToken = result.accessToken;
      return result;
    });
    this.#keepToken(account, entry);
  }

  async signInOld(): Promise<void> {
    const account = this.#account();
    await this.signIn(account, this.random.pick(account.passwords.slice(-6)));
  }

  async me(account = this.#account()): Promise<void> {
    const tokens = account.tokens.slice(-5);
    if (tokens.length === 0) return this.signIn(account);
    const token = this.random.pick(tokens);
    await this.#line.call(
      { op: 'me', account: account.id, token },
      async ({ client }) => ({ __typename: (await client.me()) ? 'Account' : 'Nobody' }),
      token.text,
    );
  }

  async change(account = this.#account()): Promise<void> {
    const token = account.tokens.at(-1);
    if (!token) return this.signIn(account);
    const from = account.password;
    const password = newPassword(this.round.seed);
    account.passwords.push(password);
    const call = { op: 'change', account: account.id, token, from, password } as const;
    const entry = await this.#line.call(
      call,
      async ({ client, values }) => {
        const result = await client.changePassword({ currentPassword: from, newPassword: password });
        if (result.__typename === 'PasswordChanged') values.newToken = result.accessToken;
        return result;
      },
      token.text,
    );
    if (entry.outcome === 'ok') account.password = password;
    this.#keepToken(account, entry);
  }

  async signOut(account = this.#account()): Promise<void> {
    const token = account.tokens.at(-1);
    if (!token) return;
    await this.#line.call(
      { op: 'signOut', account: account.id, token },
      ({ client }) => client.signOutEverywhere(),
      token.text,
    );
  }

  /** An attacker who can write to Redis plants a record for a key of their own. */
  async forged(account = this.#account()): Promise<void> {
    const key = await forgeRecord(this.round.stage, account, this.#keys(account), this.random).catch(() => undefined);
    if (key) await this.reset(account, key, newPassword(this.round.seed));
  }

  /** The first sign-in after an import renews the hash, while the owner resets the password. */
  async renewal(): Promise<void> {
    // An app renews its hashes itself.
    if (this.round.stage.home !== 'own') return;
    const email = `old-${this.random.between(1, 1e9)}@${this.round.name}.example`;
    const { stage, seed } = this.round;
    const account = await createAccount(stage, email, seed, true).catch(() => undefined);
    if (!account) return;
    this.round.accounts.push(account);
    const key = await this.#mailedKey(account);
    if (!key) return;
    const old = account.password;
    const resetting = this.reset(account, key, newPassword(seed));
    await sleep(this.random.between(0, 60));
    await Promise.all([resetting, this.signIn(account, old)]);
    await sleep(300);
    await this.signIn(account);
  }

  async reset(account: Known, key: string, password: string): Promise<Entry> {
    account.passwords.push(password);
    const call = { op: 'reset', account: account.id, key, password } as const;
    const run = () => this.#line.call(call, ({ client }) => client.resetPassword({ key, password }));
    let entry = await run();
    // A client that lost the answer repeats the call with the same key and password, as the page does.
    for (let again = 0; entry.outcome === 'unknown' && again < 3 && this.random.chance(0.7); again++) {
      await sleep(this.random.between(50, 1_500));
      entry = await run();
    }
    if (entry.outcome === 'ok' && !account.redeemed.some((each) => each.key === key)) {
      account.password = password;
      account.redeemed.push({ key, password });
    }
    return entry;
  }

  async #mailedKey(account: Known): Promise<string | undefined> {
    const known = new Set(this.#keys(account));
    await this.request(account);
    for (let waited = 0; waited < 3_000; waited += 50) {
      const key = this.#keys(account).find((each) => !known.has(each));
      if (key) return key;
      await sleep(50);
    }
    return undefined;
  }

  #account(): Known {
    return this.random.pick(this.round.accounts);
  }

  #keys(account: Known): readonly string[] {
    return this.round.stage.recording.keysOf(account.emails);
  }

  #freshKey(account: Known): string | undefined {
    const key = this.#keys(account).at(-1);
    return account.redeemed.some((each) => each.key === key) ? undefined : key;
  }

  #anyKey(account: Known): string | undefined {
    const keys = this.#keys(account);
    return keys.length > 0 ? this.random.pick(keys.slice(-5)) : undefined;
  }

  #keepToken(account: Known, entry: Entry & Values): void {
    const { newToken: text, start, end } = entry;
    if (text) account.tokens.push({ text, start, end });
  }
}
