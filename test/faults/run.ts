import { parseArgs } from 'node:util';
import { Random } from '../support/random.js';
import { checkSecrets } from './check/secrets.js';
import { type Operation, operations } from './clients.js';
import { type FaultKind, faults } from './faults.js';
import { type Fault, now } from './recording.js';
import { caught, report } from './report.js';
import { type RoundResult, runRound } from './round.js';
import { setStage } from './stage.js';

const allFaults = Object.keys(faults) as FaultKind[];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    faults: { type: 'string', default: allFaults.join(',') },
    clients: { type: 'string', default: '10' },
    accounts: { type: 'string', default: '12' },
    /** Seconds of a round under faults; then the faults heal, the jobs end and the checks run. */
    round: { type: 'string', default: '60' },
    /** Other weights of operations, separated by commas: `request=40`. */
    operations: { type: 'string', default: '' },
    /** The points at which the APIs are broken, separated by commas; all of them by default. */
    points: { type: 'string' },
    pace: { type: 'string', default: '60' },
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
const weights: Partial<Record<Operation, number>> = {};
for (const [name = '', weight = ''] of values.operations.split(',').map((each) => each.split('='))) {
  if (name in operations) weights[name as Operation] = whole('--operations', weight);
  else if (name !== '') fail(`--operations: ${JSON.stringify(name)} is none of ${Object.keys(operations).join(', ')}`);
}
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : whole('--seed', values.seed);
const seconds =
  values.seconds === undefined ? whole('--minutes', values.minutes) * 60 : whole('--seconds', values.seconds);

const random = new Random(seed);
const began = now();
process.stdout.write(`seed ${seed}\n`);
const stage = await setStage(values.points?.split(','));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stage.close(values.keep).finally(() => process.exit(130)));
}
const results: RoundResult[] = [];
let failed = false;
/** Milliseconds that the rounds with a single kind of fault took; `--seconds` does not include them. */
let aloneMs = 0;
try {
  if (values.each) {
    for (const kind of kinds) {
      // Five times as long, so that every point has its turn.
      const times = kind.endsWith('point') ? 5 : 1;
      await round(`${kind}-alone`, [kind], times * whole('--round', values.round));
    }
  }
  for (let number = 1; !isOver(); number++) {
    await round(`mixed-${number}`, kinds, Math.min(whole('--round', values.round), seconds));
  }
  const secrets = values['until-violation'] ? { violations: [], bytes: 0 } : await checkSecrets(stage);
  for (const { check, text } of secrets.violations) print(`  VIOLATION ${check}: ${text}`);
  const reached = stage.processes.flatMap((each) => each.reached);
  print(report(results, stage.recording, secrets, reached, now() - began));
  failed ||= secrets.violations.length > 0;
} finally {
  await stage.close(values.keep);
  if (values.keep) print(`logs and the files of Redis are kept in ${stage.folder}`);
}
process.exit(failed ? 1 : 0);

function isOver(): boolean {
  if (failed && values['until-violation']) return true;
  const mixed = results.filter(({ name }) => name.startsWith('mixed'));
  return mixed.length > 0 && now() - began - aloneMs >= seconds * 1_000;
}

async function round(name: string, these: readonly FaultKind[], lasts: number): Promise<void> {
  const start = now();
  const onFault = ({ kind, target, detail, start: from, end }: Fault) =>
    print(`  ${kind} ${target} ${detail ?? ''} ${Math.round(end - from)} ms`);
  const result = await runRound(stage, random.branch(), {
    name,
    seconds: lasts,
    clients: whole('--clients', values.clients),
    accounts: whole('--accounts', values.accounts),
    paceMs: whole('--pace', values.pace),
    faults: these,
    operations: weights,
    ...(values.verbose ? { onFault } : {}),
  });
  results.push(result);
  if (name.endsWith('alone')) aloneMs += now() - start;
  const { entries, violations, restMs } = result;
  const figures = `${entries.length} operations, ${result.faults.length} faults, ${violations.length} violations`;
  print(`${name}: ${figures}, at rest after ${Math.round(restMs)} ms`);
  for (const { check, text } of violations.slice(0, 20)) print(`  VIOLATION ${check}: ${text}`);
  if (violations.length > 0) failed = true;
  if (failed && values['until-violation']) print(caught(results));
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
