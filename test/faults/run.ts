import { parseArgs } from 'node:util';
import { Random } from '../support/random.js';
import { type Home, homes } from './app/tables.js';
import { checkSecrets } from './check/secrets.js';
import { type FaultKind, faults } from './faults.js';
import { type AppOperation, appOperations, type Operation, operations } from './operations.js';
import { type Fault, now } from './recording.js';
import { caught, operationsOf, report } from './report.js';
import { type RoundResult, runRound } from './round.js';
import { type Stage, setStage } from './stage.js';

const allFaults = Object.keys(faults) as FaultKind[];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    /** Where the accounts live, one after the other; the time is divided among them. */
    homes: { type: 'string', default: homes.join(',') },
    faults: { type: 'string', default: allFaults.join(',') },
    clients: { type: 'string', default: '10' },
    accounts: { type: 'string', default: '12' },
    /** Sessions of the app, where it owns the accounts. */
    sessions: { type: 'string', default: '3' },
    /** Seconds of a round under faults; then the faults heal, the jobs end and the checks run. */
    round: { type: 'string', default: '60' },
    /** Other weights of operations, those of the app included, separated by commas: `request=40`. */
    operations: { type: 'string', default: '' },
    /** The points at which the APIs are broken, separated by commas; all of them by default. */
    points: { type: 'string' },
    pace: { type: 'string', default: '60' },
    /** Operations of each home: rounds are added on a machine that is too slow for as many within the time. */
    least: { type: 'string', default: '0' },
    /** Starts with a round for each kind of fault alone. */
    each: { type: 'boolean', default: false },
    'until-violation': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const kinds = values.faults.split(',').filter((name) => name !== '') as FaultKind[];
for (const kind of kinds) {
  if (!allFaults.includes(kind)) fail(`--faults: ${JSON.stringify(kind)} is none of ${allFaults.join(', ')}`);
}
const where = values.homes.split(',') as Home[];
for (const home of where) {
  if (!homes.includes(home)) fail(`--homes: ${JSON.stringify(home)} is none of ${homes.join(', ')}`);
}
const everyOperation = { ...operations, ...appOperations };
const weights: Partial<Record<Operation | AppOperation, number>> = {};
for (const [name = '', weight = ''] of values.operations.split(',').map((each) => each.split('='))) {
  if (name in everyOperation) weights[name as Operation] = whole('--operations', weight);
  else if (name !== '') {
    fail(`--operations: ${JSON.stringify(name)} is none of ${Object.keys(everyOperation).join(', ')}`);
  }
}
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : whole('--seed', values.seed);
const seconds =
  values.seconds === undefined ? whole('--minutes', values.minutes) * 60 : whole('--seconds', values.seconds);
const least = whole('--least', values.least);

const random = new Random(seed);
process.stdout.write(`seed ${seed}\n`);
let playing: Stage | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void playing?.close(values.keep).finally(() => process.exit(130)));
}
let failed = false;
for (const home of where) if (!isEnough()) await play(home, seconds / where.length);
process.exit(failed ? 1 : 0);

function isEnough(): boolean {
  return failed && values['until-violation'];
}

/** @param lasts seconds of the rounds with several kinds of faults. */
async function play(home: Home, lasts: number): Promise<void> {
  const began = now();
  const results: RoundResult[] = [];
  if (where.length > 1) print(`accounts: ${home}`);
  const stage = await setStage(home, values.points?.split(','));
  playing = stage;
  try {
    if (values.each) {
      // What is different beside an app is between us and PostgreSQL.
      const those = home === 'own' ? kinds : kinds.filter((kind) => /^(?:postgres|api)-/.test(kind));
      for (const kind of those) {
        // Five times as long, so that every point has its turn.
        const times = kind.endsWith('point') ? 5 : 1;
        results.push(await round(stage, `${kind}-alone`, [kind], times * whole('--round', values.round)));
      }
    }
    const mixed = now();
    const isShort = () => results.reduce((sum, each) => sum + operationsOf(each), 0) < least;
    for (let number = 1; number === 1 || now() - mixed < lasts * 1_000 || isShort(); number++) {
      results.push(await round(stage, `mixed-${number}`, kinds, Math.min(whole('--round', values.round), lasts)));
      if (isEnough()) break;
    }
    if (isEnough()) print(caught(results));
    const secrets = values['until-violation'] ? { violations: [], bytes: 0 } : await checkSecrets(stage);
    for (const { check, text } of secrets.violations) print(`  VIOLATION ${check}: ${text}`);
    const reached = stage.processes.flatMap((each) => each.reached);
    print(report(results, stage.recording, secrets, reached, now() - began));
    failed ||= secrets.violations.length > 0;
  } finally {
    await stage.close(values.keep);
    if (values.keep) print(`logs and the files of Redis are kept in ${stage.folder}`);
  }
}

async function round(stage: Stage, name: string, these: readonly FaultKind[], lasts: number): Promise<RoundResult> {
  const onFault = ({ kind, target, detail, start: from, end }: Fault) =>
    print(`  ${kind} ${target} ${detail ?? ''} ${Math.round(end - from)} ms`);
  const result = await runRound(stage, random.branch(), {
    name,
    seconds: lasts,
    clients: whole('--clients', values.clients),
    accounts: whole('--accounts', values.accounts),
    appSessions: whole('--sessions', values.sessions),
    paceMs: whole('--pace', values.pace),
    faults: these,
    operations: weights,
    ...(values.verbose ? { onFault } : {}),
  });
  const { violations, restMs } = result;
  const figures = `${operationsOf(result)} operations, ${result.faults.length} faults, ${violations.length} violations`;
  print(`${name}: ${figures}, at rest after ${Math.round(restMs)} ms`);
  for (const { check, text } of violations.slice(0, 20)) print(`  VIOLATION ${check}: ${text}`);
  if (violations.length > 0) failed = true;
  return result;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) fail(`${name}: a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
