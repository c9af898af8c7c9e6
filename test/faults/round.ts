import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random.js';
import { createAccount, type Known } from './accounts.js';
import { App, type AppRound } from './app/app.js';
import { checkAnswers, checkStores, checkTokens } from './check/answers.js';
import { appAccountsOf, checkApp } from './check/app.js';
import { checkEvents } from './check/events.js';
import { checkKeys } from './check/keys.js';
import { checkMails } from './check/mails.js';
import { checkRegisters } from './check/registers.js';
import { openJobs, type Snapshot, takeSnapshot } from './check/snapshot.js';
import type { Violation } from './check/violation.js';
import { Client, type Round } from './clients.js';
import type { FaultKind } from './faults.js';
import { Nemesis } from './nemesis.js';
import { type AppOperation, appOperations, type Operation, operations } from './operations.js';
import { type AppWrite, type Entry, type Fault, now } from './recording.js';
import type { Stage } from './stage.js';

export interface RoundOptions {
  readonly name: string;
  readonly seconds: number;
  readonly clients: number;
  readonly accounts: number;
  /** Sessions of the app, where it owns the accounts. */
  readonly appSessions: number;
  /** Mean pause of a client between two calls, in milliseconds. */
  readonly paceMs: number;
  readonly faults: readonly FaultKind[];
  readonly operations?: Partial<Record<Operation | AppOperation, number>>;
  readonly onFault?: (fault: Fault) => void;
}

export interface RoundResult {
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
  readonly violations: readonly Violation[];
  readonly snapshot: Snapshot;
  readonly appWrites: readonly AppWrite[];
  /** Milliseconds from the last heal until every job had ended. */
  readonly restMs: number;
}

/** Runs clients and faults on accounts of this round. Then all faults heal, the jobs end, and the checks run. */
export async function runRound(stage: Stage, random: Random, options: RoundOptions): Promise<RoundResult> {
  const { recording, processes } = stage;
  const seed = random.seed;
  const [firstEntry, firstFault] = [recording.entries.length, recording.faults.length];
  const firstWrite = recording.appWrites.length;
  const addresses = `%@${options.name}.example`;
  const accounts = await Promise.all(
    Array.from({ length: options.accounts }, (_, index) =>
      createAccount(stage, `q${index}@${options.name}.example`, seed, random.chance(0.2)),
    ),
  );
  const { name } = options;
  const weights = chosen(operations, options.operations);
  const appWeights = chosen(appOperations, options.operations);
  const busy = new Set<Known>();
  const round: Round & AppRound = { stage, seed, name, accounts, weights, appWeights, busy, patience: 40_000 };

  const end = now() + options.seconds * 1_000;
  const isOver = () => now() >= end;
  const nemesis = new Nemesis(stage, random.branch(), options.faults, options.onFault);
  const clients = Array.from({ length: options.clients }, (_, index) => new Client(index, round, random.branch()));
  const sessions = stage.home === 'own' ? 0 : options.appSessions;
  const apps = Array.from({ length: sessions }, () => new App(round, random.branch()));
  // A key has to live long enough to be redeemed: the app writes less often than people call.
  const running = [
    ...clients.map((client) => client.run(isOver, options.paceMs)),
    ...apps.map((app) => app.run(isOver, 4 * options.paceMs)),
  ];
  const striking = options.faults.length > 0 ? nemesis.run(isOver) : undefined;
  await Promise.all([striking, ...running]);
  for (const server of processes) await server.revive();
  await apps[0]?.mend();
  const healedAt = now();
  await rest(stage, addresses);
  const restMs = now() - healedAt;
  await lookAgain(new Client(options.clients, round, random.branch()), round);
  // The jobs of these last calls must end, too.
  await rest(stage, addresses);

  const snapshot = await takeSnapshot(stage, addresses);
  const entries = recording.entries.slice(firstEntry);
  const appWrites = recording.appWrites.slice(firstWrite);
  const known = appAccountsOf(snapshot, recording);
  const violations = [
    ...stage.processes.flatMap(({ deaths }) => deaths.splice(0).map((text) => ({ check: 'answers', at: now(), text }))),
    ...checkAnswers(recording, entries, healedAt),
    ...checkTokens(entries),
    ...checkApp(known, entries, recording, snapshot),
    ...checkKeys(recording, entries, snapshot, known),
    ...(snapshot.app ? [] : checkRegisters(entries, recording.accounts, snapshot)),
    ...checkMails(recording, entries, snapshot),
    ...checkEvents(recording, snapshot, stage.receivers),
    ...checkStores(snapshot, { api: stage.apis.length, worker: stage.workers.length }),
  ];
  return { name, entries, faults: recording.faults.slice(firstFault), violations, snapshot, appWrites, restMs };
}

/** The standard weights, and others where they are given. */
function chosen<Name extends string>(
  standard: Readonly<Record<Name, number>>,
  others: Partial<Record<NoInfer<Name>, number>> = {},
): Record<Name, number> {
  const names = Object.keys(standard) as Name[];
  return Object.fromEntries(names.map((name) => [name, others[name] ?? standard[name]])) as Record<Name, number>;
}

/**
 * Waits until every job has ended, 60 s at most. Two waits are cut short: the pause before the next attempt, and the
 * lease of a dead worker.
 */
async function rest(stage: Stage, addresses: string): Promise<void> {
  const deadline = now() + 60_000;
  for (let turn = 1; now() < deadline; turn++) {
    const open = await openJobs(stage, addresses);
    if (open.length === 0) return;
    const ids = [open.map(({ id }) => id)];
    await stage.postgres.query(
      `update job set start_after = now() where id = any($1) and state in ('created', 'retry')`,
      ids,
    );
    if (turn % 30 === 8 && open.some(({ state }) => state === 'active')) {
      // A job that is active while no worker runs belongs to a worker that died: its lease is ended.
      await Promise.all(stage.workers.map((worker) => worker.end('SIGTERM')));
      await stage.postgres.query(
        `update job set started_on = now() - interval '1 hour', heartbeat_on = now() - interval '1 hour'
         where id = any($1) and state = 'active'`,
        ids,
      );
      await Promise.all(stage.workers.map((worker) => worker.start()));
    }
    await sleep(500);
  }
}

/** Makes last calls for the checks: each key that nothing has ended must still work, and so must the last password. */
async function lookAgain(client: Client, { accounts, stage }: Round): Promise<void> {
  const look = async (account: Known) => {
    for (const key of stage.recording.keysOf(account.emails).slice(-4)) await client.inspectKey(key);
    await client.signIn(account);
    await client.resetFresh(account);
    await client.signIn(account);
  };
  // Four at a time, so that the queue of hashes is never full.
  const waiting = [...accounts];
  const lookOn = async () => {
    for (let account = waiting.pop(); account; account = waiting.pop()) await look(account);
  };
  await Promise.all([lookOn(), lookOn(), lookOn(), lookOn()]);
}
