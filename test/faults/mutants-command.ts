import { hunt, mutants, plant } from './mutants.js';

/** Plants each fault, or those that are named, and prints what caught it. */
const only = process.argv.slice(2);
let missed = 0;
for (const mutant of await mutants()) {
  if (only.length > 0 && !only.includes(mutant.name)) continue;
  const began = performance.now();
  const { tree, remove } = await plant(mutant);
  const { caught, output } = await hunt(tree, mutant.options).finally(remove);
  const seconds = Math.round((performance.now() - began) / 1_000);
  process.stdout.write(`| ${mutant.name} | ${caught ?? 'NOT CAUGHT'} | ${seconds} s |\n`);
  if (!caught) {
    missed += 1;
    process.stdout.write(output);
  }
}
process.exit(missed > 0 ? 1 : 0);
