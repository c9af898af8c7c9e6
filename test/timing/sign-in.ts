import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dummyOf } from '../../src/accounts/passwords/forms/names.js';
import { startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { startEmbeddedPostgres } from '../../src/dev/postgres/embedded-postgres.js';
import { Latchkey } from '../support/processes.js';
import { productionSettings, withoutLimits } from '../support/production-settings.js';
import { auc, chanceAuc, difference, median, type Sides } from './figures.js';
import { timeRefusals } from './trials.js';

const own = 'argon2id m=19456,t=2,p=1';
const forms = [
  ...[own, 'bcrypt 10', 'bcrypt 12', 'argon2id m=65536,t=4,p=1'],
  // Django, Better Auth, WordPress before 6.8, crypt(3).
  ...['pbkdf2-sha256 600000', 'scrypt ln=14,r=16,p=1', 'phpass 13', 'sha512-crypt 5000,16'],
];
/** More accounts than a domain needs for its own shares of forms (src/accounts/passwords/forms/shares.ts). */
const accounts = 60;

/** A delay that is added to one side of a control, in microseconds: without finding it no verdict counts. */
const plant = 1_000;

/**
 * Times refused sign-ins: known against unknown addresses, for each form that a tenant's accounts may have; unknown
 * against unknown as a control; the same with a delay on one side, which must be found; then accounts that nobody can
 * sign in to, and all forms together. Prints the medians, the bound of the difference within the pairs, and how often a
 * guess is right. The exit code is 1 when the delay is not found.
 *
 * @param options `--trials N`; `--only TEXT`: only the forms whose name contains the text.
 */
export async function signIn(options: readonly string[]): Promise<void> {
  const trials = (options.includes('--trials') && Number(options[options.indexOf('--trials') + 1])) || 60;
  const only = options.includes('--only') ? (options[options.indexOf('--only') + 1] ?? '') : '';
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-timing-'));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), database: 'timing' });
  const redis = await startEmbeddedRedis({ folder: join(folder, 'redis') });
  const stores = { database: postgres.url, redis: redis.url ?? '', smtp: 'smtp://127.0.0.1:9' };
  const settings = { ...productionSettings(stores), ...withoutLimits(/SIGN_IN|HASH/) };
  let api: Latchkey | undefined;
  try {
    if (!redis.url) throw new Error('a redis-server or valkey-server must be on the PATH');
    await done(Latchkey.run(['migrate'], settings));
    const file = join(folder, 'accounts.ndjson');
    await writeFile(file, fileOf());
    await done(Latchkey.run(['account', 'import', file], settings));
    await done(Latchkey.run(['account', 'disable', 'person0@off.example'], settings));
    api = Latchkey.start(['api'], settings);
    const url = (await api.url()).replace('0.0.0.0', '127.0.0.1');
    const known = (domain: string) => (trial: number) => `person${trial % accounts}@${domain}`;
    const unknown =
      (domain: string, name = 'nobody') =>
      (trial: number) =>
        `${name}${trial}@${domain}`;
    const relative: Sides[] = [];
    for (const [index, form] of forms.entries()) {
      if (!form.includes(only)) continue;
      const domain = `tenant${index}.example`;
      const sides = await timeRefusals(url, trials, { one: known(domain), other: unknown(domain) });
      print(`${form}, known / unknown`, sides);
      relative.push(partsOf(sides));
      const control = { one: unknown(domain, 'somebody'), other: unknown(domain) };
      print(`${form}, unknown / unknown`, await timeRefusals(url, trials, control));
    }
    if (own.includes(only)) {
      const [one, other] = [unknown('tenant0.example', 'somebody'), unknown('tenant0.example')];
      const sides = await timeRefusals(url, trials, { one, other }, plant);
      print(`${own}, a delay of ${plant} µs on one side`, sides);
      if (!difference(sides).isFound) process.exitCode = 1;
    }
    if (relative.length > 1) printMixture(relative);
    if (!'disabled, no password'.includes(only)) return;
    const dead = { one: () => 'person0@off.example', other: unknown('off.example') };
    print('disabled / unknown, bcrypt 10', await timeRefusals(url, trials, dead));
    const empty = { one: () => 'empty@off.example', other: unknown('off.example') };
    print('no password / unknown, bcrypt 10', await timeRefusals(url, trials, empty));
  } finally {
    await api?.stop('SIGKILL');
    await redis.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function fileOf(): string {
  const people = (domain: string, form: string) =>
    Array.from({ length: accounts }, (_, index) => ({ email: `person${index}@${domain}`, hash: dummyOf(form) }));
  const entries = [
    ...forms.flatMap((form, index) => people(`tenant${index}.example`, form)),
    ...people('off.example', 'bcrypt 10'),
    { email: 'empty@off.example', hash: null },
  ];
  return entries.map((entry) => JSON.stringify(entry)).join('\n');
}

async function done(command: ReturnType<typeof Latchkey.run>): Promise<void> {
  const { code, errors, output } = await command;
  if (code !== 0) throw new Error(`${output}${errors}`);
}

/** Times as parts of the median of the unknown side, so that forms of different cost can be put together. */
function partsOf({ one, other }: Sides): Sides {
  const whole = median(other);
  return { one: one.map((time) => time / whole), other: other.map((time) => time / whole) };
}

function printMixture(relative: readonly Sides[]): void {
  const sides = { one: relative.flatMap(({ one }) => one), other: relative.flatMap(({ other }) => other) };
  const { middle, bound } = difference(sides);
  const figures = [
    `n ${sides.one.length}`,
    `difference ${(100 * middle).toFixed(2)} %, 95 % within ${(100 * bound).toFixed(2)} % of a hash`,
    `AUC ${auc(sides).toFixed(3)} (by chance up to ${chanceAuc(sides).toFixed(3)})`,
  ];
  process.stdout.write(`${'all forms together, known / unknown'.padEnd(48)} ${figures.join('; ')}\n`);
}

function print(what: string, sides: Sides & { results: Readonly<Record<string, number>> }): void {
  const { middle, bound, isFound } = difference(sides);
  const part = (100 * bound) / median(sides.other);
  const figures = [
    `n ${sides.one.length}`,
    `median ${median(sides.one).toFixed(2)} / ${median(sides.other).toFixed(2)} ms`,
    `difference ${middle.toFixed(2)} ms${isFound ? ' (found)' : ''}, 95 % within ${bound.toFixed(2)} ms (${part.toFixed(1)} %)`,
    `AUC ${auc(sides).toFixed(3)} (by chance up to ${chanceAuc(sides).toFixed(3)})`,
    Object.entries(sides.results)
      .map(([result, count]) => `${count} ${result}`)
      .join(', '),
  ];
  process.stdout.write(`${what.padEnd(48)} ${figures.join('; ')}\n`);
}
