import { hunt, type Mutant, mutants, plant } from './mutants.js';

/** Plants each fault, or the named ones, two at a time, and prints which checks caught each. */
const only = process.argv.slice(2);
const waiting = (await mutants()).filter(({ name }) => only.length === 0 || only.includes(name));
const unknown = only.filter((name) => !waiting.some((mutant) => mutant.name === name));
let missed = unknown.length;
for (const name of unknown) process.stdout.write(`there is no planted fault ${name}\n`);

async function hunted(mutant: Mutant): Promise<void> {
  const began = performance.now();
  const { tree, remove } = await plant(mutant);
  const { caught, output } = await hunt(tree, mutant.options).finally(remove);
  const seconds = Math.round((performance.now() - began) / 1_000);
  process.stdout.write(`| ${mutant.name} | ${caught ?? 'NOT CAUGHT'} | ${seconds} s |\n`);
  if (caught) return;
  missed += 1;
  process.stdout.write(output);
}

const all = waiting.length;
const turns = async () => {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) await hunted(mutant);
};
await Promise.all([turns(), turns()]);
process.stdout.write(`${all - (missed - unknown.length)} of ${all} planted faults caught\n`);
process.exit(missed > 0 ? 1 : 0);
