import pg from 'pg';

/**
 * Kills a process, as `kill -9` does, at the place that `CRASH_AT` names, once it was sent SIGUSR2, or from its start with
 * `CRASH_FROM_START`; loaded before the program (`node --import`). A place is a method of a class in `dist/src`: `<` before it runs, `~` while it runs, `>` when
 * its promise has resolved; or `commit`, when the statement is on its way to PostgreSQL.
 */
const classes = {
  PasswordHash: 'accounts/passwords/password-hash.js',
  Accounts: 'accounts/accounts.js',
  JobQueue: 'jobs/job-queue.js',
  Receiver: 'events/receiver.js',
};
const place = process.env.CRASH_AT ?? '';
let isArmed = process.env.CRASH_FROM_START !== undefined;
process.on('SIGUSR2', () => {
  isArmed = true;
  console.log('armed');
});
const die = () => {
  if (isArmed) process.kill(process.pid, 'SIGKILL');
};

if (place === 'commit') {
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (...input) {
    const result = query.apply(this, input);
    const text = typeof input[0] === 'string' ? input[0] : input[0]?.text;
    // The bytes have left the process, and what PostgreSQL answers is read after this at the earliest.
    if (/^commit/i.test(text ?? '')) setImmediate(die);
    return result;
  };
} else {
  const [, name, method, when] = /^(\w+)\.(\w+)([<~>])$/.exec(place) ?? [];
  const { prototype } = (await import(new URL(`../../dist/src/${classes[name]}`, import.meta.url).href))[name];
  const original = prototype[method];
  if (typeof original !== 'function') throw new Error(`no such place: ${place}`);
  prototype[method] = function (...input) {
    if (when === '<') die();
    const result = original.apply(this, input);
    if (when === '~') setTimeout(die, 2);
    return when === '>' ? Promise.resolve(result).finally(die) : result;
  };
}
