import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { packageFolder } from '../../src/package-files.js';
import { addressesPage } from './addresses/page.js';
import { startServer } from './api/stage.js';
import { ownStores } from './api/stores.js';
import type { Fuzzer } from './fuzzer.js';
import { keep } from './seeds.js';
import { fuzz } from './stretches.js';

/** A fuzzer, and its share of the cases where all of them run. */
interface Entry {
  readonly share: number;
  /** Loads the fuzzer and hands it to `run`, where the type of its cases is known. */
  readonly load: (run: <Case>(fuzzer: Fuzzer<Case>) => Promise<boolean>) => Promise<boolean>;
}

const entries: Readonly<Record<string, Entry>> = {
  addresses: { share: 0.2, load: async (run) => run((await import('./addresses/fuzzer.js')).addresses()) },
  import: { share: 0.2, load: async (run) => run((await import('./import/fuzzer.js')).imports()) },
  settings: { share: 0.2, load: async (run) => run((await import('./settings/fuzzer.js')).settings()) },
  documents: { share: 0.2, load: async (run) => run((await import('./documents/fuzzer.js')).documentsOver(ownServer)) },
  http: { share: 0.1, load: async (run) => run((await import('./http/fuzzer.js')).httpOver(ownServer)) },
  smtp: { share: 0.1, load: async (run) => run((await import('./smtp/fuzzer.js')).smtp()) },
};

const ownServer = async () => startServer(await ownStores());

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cases: { type: 'string' }, seed: { type: 'string' } },
});
const [which] = positionals;
const cases = Number(values.cases ?? 100_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30));

if (which === 'page') {
  mkdirSync(`${packageFolder}docs/security`, { recursive: true });
  writeFileSync(`${packageFolder}docs/security/addresses.md`, addressesPage());
} else if ((which !== undefined && !entries[which]) || !(cases >= 1) || !Number.isSafeInteger(seed)) {
  process.stderr.write(`fuzz: [${Object.keys(entries).join(' | ')} | page] [--cases N] [--seed S]\n`);
  process.exitCode = 1;
} else {
  for (const [name, entry] of Object.entries(entries)) {
    if (which !== undefined && which !== name) continue;
    const share = which === undefined ? Math.ceil(cases * entry.share) : cases;
    const holds = await entry.load((fuzzer) => run(fuzzer, share));
    if (!holds) process.exitCode = 1;
  }
}

/** Runs a fuzzer, prints its report, and keeps the cases of its findings. @returns whether everything held. */
async function run<Case>(fuzzer: Fuzzer<Case>, share: number): Promise<boolean> {
  const begun = performance.now();
  const report = await fuzz(fuzzer, { cases: share, seed }, { measured: true });
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  const kinds = Object.entries(report.kinds).sort(([, one], [, other]) => other - one);
  const lines = [
    `${report.name}: ${report.cases} cases, seed ${seed}, ${seconds} s, ${report.findings.length} findings`,
    ...kinds.map(([kind, count]) => `  ${String(count).padStart(7)} ${kind}`),
    ...report.findings.map((each) => `  FOUND ${JSON.stringify(each)}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  keep(report.name, report.findings);
  return report.findings.length === 0;
}
