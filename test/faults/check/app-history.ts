import type { TestDatabase } from '../../support/test-database.js';
import type { AppWrite } from '../recording.js';

/** One row that an app's table wrote down: what it said of an account from the COMMIT of this transaction on. */
export interface HistoryRow {
  readonly xid: string;
  /** The time of the COMMIT, in milliseconds since the epoch; others saw it then or a little later. */
  readonly at: number;
  /** When the statement that wrote the row began: it knows all that could be seen by then. */
  readonly beganAt: number;
  readonly byApp: boolean;
  readonly place: 'users' | 'login';
  readonly account: string;
  readonly email: string | null;
  readonly hash: string | null;
  readonly active: boolean | null;
  /** How many rows there are. */
  readonly rows: number;
}

export interface AppHistory {
  /** Whether the hashes have a table of their own. */
  readonly isApart: boolean;
  readonly rows: readonly HistoryRow[];
  /** Transactions that told the app of an ended session, by the statement in `also`. */
  readonly ended: readonly { readonly xid: string; readonly account: string }[];
}

/** @param addresses the LIKE pattern of a round's addresses. */
export async function readHistory(postgres: Pick<TestDatabase, 'query'>, addresses: string): Promise<AppHistory> {
  const ids = 'select id::text from public.users where email like $1';
  const rows = await postgres.query<HistoryRow>(
    `select xid::text, extract(epoch from pg_xact_commit_timestamp(xid::xid))::float8 * 1000 as at,
       extract(epoch from began_at)::float8 * 1000 as "beganAt", by_app as "byApp", place, account, email, hash, active, rows
     from public.history where account in (${ids}) order by seq`,
    [addresses],
  );
  const ended = await postgres.query<{ xid: string; account: string }>(
    `select xid::text, user_id::text as account from public.ended where user_id::text in (${ids})`,
    [addresses],
  );
  const [table] = await postgres.query<{ name: string | null }>(`select to_regclass('public.login')::text as name`);
  return { isApart: Boolean(table?.name), rows, ended };
}

/** What the row of an account says. */
export interface Owner {
  readonly isThere: boolean;
  readonly email: string;
  readonly active: boolean;
}
/** What its row with the hash says, and how many such rows there are. */
export interface Holder {
  readonly rows: number;
  readonly hash: string | null;
}
export interface Said {
  readonly owner: Owner;
  readonly holder: Holder;
}

/** A transaction that wrote to the rows of an account. Places are positions in the order of each row. */
export interface Write {
  readonly xid: string;
  readonly byApp: boolean;
  /** When the statement that wrote its first row began. */
  readonly beganAt: number;
  /** When it could be seen first, and when at the latest. */
  readonly from: number;
  until: number;
  owner?: { readonly before: number; readonly after: number };
  holder?: { readonly before: number; readonly after: number };
}

const nobody: Owner = { isThere: false, email: '', active: false };
const nothing: Holder = { rows: 0, hash: null };
/** Milliseconds from a COMMIT's own time until others see it, at most: the server may be stopped in between. */
const latestSight = 30_000;
/** Milliseconds: times of the database have a rounding. */
const rounding = 5;

/** All that was said of one account, in the order of the locks of its rows. */
export class AppAccount {
  readonly owners: Owner[] = [nobody];
  readonly holders: Holder[] = [nothing];
  readonly writes: readonly Write[];

  constructor(
    readonly id: string,
    rows: readonly HistoryRow[],
    isApart: boolean,
    answered: ReadonlyMap<string, AppWrite>,
  ) {
    const byXid = new Map<string, Write>();
    // Row by row: of two transactions each may be first at another row.
    for (const row of rows) {
      const app = answered.get(row.xid);
      const until = app?.outcome === 'ok' ? Math.max(app.end, row.at + rounding) : row.at + latestSight;
      const { xid, byApp, beganAt } = row;
      const write = byXid.get(xid) ?? { xid, byApp, beganAt, from: row.at - rounding, until };
      byXid.set(xid, write);
      if (row.place === 'users') {
        const isThere = row.rows > 0;
        const after = this.owners.push({ isThere, email: row.email ?? '', active: row.active === true }) - 1;
        write.owner = { before: write.owner?.before ?? after - 1, after };
      }
      if (row.place === 'login' || !isApart) {
        const after = this.holders.push({ rows: row.rows, hash: row.hash }) - 1;
        write.holder = { before: write.holder?.before ?? after - 1, after };
      }
    }
    this.writes = [...byXid.values()];
    this.ours = this.writes
      .filter(({ byApp }) => !byApp)
      .sort((one, other) => (one.holder?.after ?? 0) - (other.holder?.after ?? 0));
  }

  /** Our writes, in the order of the row with the hash: each raised our version by one. */
  readonly ours: readonly Write[];

  /** Everything that a reader may have seen between these times. */
  saidBetween(from: number, until: number): Said[] {
    const owners = this.#inPlace('owner', from, until).map((at) => this.owners[at] ?? nobody);
    const holders = this.#inPlace('holder', from, until).map((at) => this.holders[at] ?? nothing);
    return owners.flatMap((owner) => holders.map((holder) => ({ owner, holder })));
  }

  /**
   * The first thing that one of our writes may have known of the owner, whose row it does not lock where the hash stands
   * apart: what was committed when the UPDATE began, and what a transaction wrote that was before it at the hash.
   */
  firstKnownOwner({ beganAt, holder }: Write): number {
    const known = this.writes.filter((other) => {
      const isBefore = other.holder && holder && other.holder.after < holder.after;
      return isBefore || other.until < beganAt - rounding;
    });
    return Math.max(0, ...known.map(({ owner }) => owner?.after ?? 0));
  }

  #inPlace(which: 'owner' | 'holder', from: number, until: number): number[] {
    const writes = this.writes
      .flatMap((write) => (write[which] ? [{ write, after: write[which].after }] : []))
      .sort((one, other) => one.after - other.after);
    return writes
      .filter(({ write }, index) => write.from <= until && (writes[index + 1]?.write.until ?? Infinity) >= from)
      .map(({ after }) => after);
  }
}

/** What the stamp of an account is made of. */
export function stampOf({ owner, holder }: Said): string {
  const isOne = owner.isThere && holder.rows === 1;
  return isOne ? JSON.stringify([owner.email, holder.hash]) : '';
}

/** What the stamp is made of, and whether the account may recover. */
export function standingOf(said: Said): string {
  return `${stampOf(said)} ${said.owner.active}`;
}
