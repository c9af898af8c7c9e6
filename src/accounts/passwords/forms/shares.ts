import type { MikroORM } from '@mikro-orm/postgresql';
import { orUnavailable } from '../../../calls/unavailable.js';
import { describeFault, type Log } from '../../../observability/log.js';
import type { Pseudonyms } from '../../../secrets/pseudonyms.js';
import { ours } from '../../../stores/postgres/schemas.js';
import { dealAnew, domainOf } from './deal.js';
import { formOf } from './imported-hash.js';
import { dummyOf, formName } from './names.js';

interface Share {
  readonly domain: string;
  readonly form: string;
  readonly dealt: number;
  readonly renewed: number;
}

/** Accounts that a domain needs for shares of its own; with fewer, the shares would reveal single people. */
const leastAccounts = 50;
/** Milliseconds that shares are cached: other processes see a renewed hash this much later. */
const kept = 2_000;
const mostDomains = 1_000;

/**
 * Chooses the form of the dummy for an address without an account, among the forms that accounts have, so that the
 * time of a sign-in does not tell whether there is an account. An HMAC of the address gives two numbers. The first
 * chooses a form, in the proportions of the accounts of its domain (of all accounts, if the domain has few). The
 * second decides when the address moves to our own form: once the share of renewed hashes of its form exceeds it. So
 * the time of an address changes only as that of an account would.
 */
export class FormShares {
  readonly #kept = new Map<string, { readonly until: number; readonly shares: Promise<readonly Share[]> }>();

  /**
   * @param own name of the form that we make.
   * @param clock milliseconds.
   * @param hashesOfApp where accounts live in an app's table: SQL, see `dealAnew`.
   */
  constructor(
    private readonly orm: MikroORM,
    private readonly pseudonyms: Pick<Pseudonyms, 'of'>,
    private readonly own: string,
    private readonly log: Log,
    private readonly clock: () => number = () => performance.now(),
    private readonly hashesOfApp?: (() => Promise<string>) | undefined,
  ) {}

  /** The name of the address's form. Asked at every sign-in, with or without an account. @throws Unavailable */
  async dealtTo(address: string): Promise<string> {
    const domain = domainOf(address);
    const found = await this.#sharesOf(domain);
    const theirs = found.filter((share) => share.domain === domain && domain !== '');
    const shares = total(theirs) >= leastAccounts ? theirs : found.filter((share) => share.domain === '');
    const number = Buffer.from(this.pseudonyms.of(`password form ${address}`), 'base64url');
    const [first, second] = [number.readUIntBE(0, 6) / 2 ** 48, number.readUIntBE(6, 6) / 2 ** 48];
    let left = first * total(shares);
    const share = shares.find(({ dealt }) => {
      left -= dealt;
      return left < 0;
    });
    if (!share || second < share.renewed / share.dealt || !formOf(dummyOf(share.form))) return this.own;
    return share.form;
  }

  /** Counts that an account got a hash of our own form in place of this one. Never rejects. */
  async renewed(address: string, hash: string | null | undefined): Promise<void> {
    const form = formName(hash);
    if (form === undefined || form === this.own) return;
    const table = ours(this.orm, 'password_form');
    // Locks the rows in a fixed order, so that two of these statements cannot deadlock.
    const statement = `
      with counted as (
        select domain, form from ${table} where domain in ('', ?) and form = ? order by domain for update
      )
      update ${table} password_form set renewed = least(dealt, renewed + 1)
        from counted where password_form.domain = counted.domain and password_form.form = counted.form`;
    try {
      await this.orm.em.fork().execute(statement, [domainOf(address), form]);
      this.#kept.clear();
    } catch (error) {
      this.log.warn({ fault: describeFault(error) }, 'a renewed hash was not counted');
    }
  }

  /**
   * Counts all accounts anew if our own form has no row yet: at the first start, and after its parameters changed. Those
   * of an app at each start, because it makes hashes without telling us.
   */
  async keepDealt(): Promise<void> {
    const table = ours(this.orm, 'password_form');
    const hashes = await this.hashesOfApp?.();
    const isDealt = `select 1 from ${table} where domain = '' and form = ?`;
    await this.orm.em.fork().transactional(async (transaction) => {
      if (!hashes && (await transaction.execute<unknown[]>(isDealt, [this.own])).length > 0) return;
      await dealAnew(transaction, hashes);
      const remember = `insert into ${table} (domain, form, dealt) values ('', ?, 0) on conflict do nothing`;
      await transaction.execute(remember, [this.own]);
    });
    this.#kept.clear();
  }

  #sharesOf(domain: string): Promise<readonly Share[]> {
    const now = this.clock();
    const known = this.#kept.get(domain);
    if (known && known.until > now) return known.shares;
    this.#kept.delete(domain);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= mostDomains && oldest !== undefined) this.#kept.delete(oldest);
    const shares = this.#read(domain);
    shares.catch(() => this.#kept.delete(domain));
    this.#kept.set(domain, { until: now + kept, shares });
    return shares;
  }

  async #read(domain: string): Promise<readonly Share[]> {
    const table = ours(this.orm, 'password_form');
    const statement = `select domain, form, dealt, renewed from ${table} where domain in ('', ?) order by form`;
    const rows = await orUnavailable(this.orm.em.fork().execute<Record<keyof Share, string>[]>(statement, [domain]));
    return rows.map(({ domain: of, form, dealt, renewed }) => {
      return { domain: of, form, dealt: Number(dealt), renewed: Number(renewed) };
    });
  }
}

function total(shares: readonly Share[]): number {
  return shares.reduce((sum, { dealt }) => sum + dealt, 0);
}
