import { writeFile } from 'node:fs/promises';
import { killAll } from '../../support/processes.js';
import { catalogue, chosen } from './catalogue.js';
import { type Options, readOptions, usage, WrongUse } from './options.js';
import { startOwnStores } from './own-stores.js';
import { inJson, inMarkdown, inOneLine, summary } from './report.js';
import { isBad, runAttacks } from './run-attacks.js';
import { Stage } from './stage.js';
import { outside, type Target } from './target.js';

/** `npm run attack`: see `usage`. */
async function main(): Promise<number> {
  const options = await readOptions(process.argv.slice(2));
  const attacks = chosen(options.only);
  if (attacks.length === 0) throw new WrongUse(`--only ${options.only}: none of ${catalogue.length} attacks has it`);
  if (options.lists) {
    for (const { ids, title, needs } of attacks) print(`${ids.join(' ')}: ${title} (needs: ${needs})`);
    return 0;
  }
  return within(options, async (target, name) => {
    const results = await runAttacks(attacks, target, (result) => print(inOneLine(result)));
    const report = { target: name, at: new Date(), results };
    if (options.json) await writeFile(options.json, inJson(report));
    if (options.markdown) await writeFile(options.markdown, inMarkdown(report));
    print(summary(results));
    return results.some(isBad) ? 1 : 0;
  });
}

async function within(options: Options, attack: (target: Target, name: string) => Promise<number>): Promise<number> {
  const { url, mailDomain, isFull } = options;
  if (url !== undefined) return attack(outside(url, mailDomain, isFull), url);
  const stores = await startOwnStores();
  let stage: Stage | undefined;
  try {
    stage = await Stage.start(stores, { apis: 2, workers: 2, isFull });
    return await attack(stage, 'a stage of its own');
  } finally {
    await stage?.close();
    await killAll();
    await stores.close();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Processes and servers are killed when this one exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof WrongUse)) throw error;
  process.stderr.write(`attack: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
