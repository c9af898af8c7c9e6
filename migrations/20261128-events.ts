import { Migration } from '@mikro-orm/migrations';

/**
 * The order of events that other services are told (`EVENTS_URL`): the last number of each account, and which events a
 * receiver has not taken yet. No foreign key: an account's deletion is an event, too, and its number never begins anew.
 */
export class Events extends Migration {
  override name = '20261128-events';

  override up(): void {
    this.addSql(`
      create table event_sequence (
        account_id uuid primary key,
        sequence integer not null,
        constraint event_sequence_check check (sequence >= 1)
      )`);
    this.addSql(`
      create table event_pending (
        receiver text collate "C" not null,
        account_id uuid not null,
        sequence integer not null,
        since timestamptz not null default now(),
        primary key (receiver, account_id, sequence)
      )`);
  }
}
