/** `npm run timing -- <experiment> [options]`: what an attacker can learn from the times of answers and mails. */
const experiments: Readonly<Record<string, () => Promise<(options: readonly string[]) => Promise<void>>>> = {
  constant: async () => (await import('./constant.js')).constant,
  'sign-in': async () => (await import('./sign-in.js')).signIn,
  worker: async () => (await import('./worker.js')).worker,
};

const [name = '', ...options] = process.argv.slice(2);
const experiment = experiments[name];
if (experiment) {
  await (await experiment())(options);
} else {
  process.stderr.write(`timing: which experiment? ${Object.keys(experiments).join(', ')}\n`);
  process.exitCode = 1;
}
