import { describe, expect, it } from 'vitest';
import { importAccounts } from '../../../src/commands/accounts/import/import.js';
import { keptCases } from '../seeds.js';
import { fuzz } from '../stretches.js';
import type { ImportCase } from './cases.js';
import { type Import, imports } from './fuzzer.js';

const size = { cases: 500, seed: 20_261_127, shrinking: 500 };

describe('an import', () => {
  it('reads every line whole or refuses it by its number, over generated files', async () => {
    const { findings, kinds } = await fuzz(imports(), size);
    expect(findings).toEqual([]);
    for (const kind of ['all added', 'some added', 'all refused', 'wrong-form']) {
      expect(kinds[kind], kind).toBeGreaterThan(size.cases / 100);
    }
  });

  it.each(keptCases<ImportCase>('import'))('holds for a kept case: $why', async ({ case: each }) => {
    const { judge } = await imports().open({ measured: false });
    expect(await judge(each)).toEqual(expect.any(String));
  });
});

describe('the judge of imports finds', () => {
  /** An import whose rows are changed on their way to the database. */
  const changing =
    (change: (json: string) => string): Import =>
    (deps, source, options) => {
      const { accounts } = deps;
      const transaction: typeof accounts.transaction = (work) =>
        accounts.transaction((inner) => {
          const execute = (statement: string, [first, ...rest]: string[] = []) =>
            inner.execute(statement, [change(first ?? ''), ...rest]);
          return work(Object.assign(Object.create(inner), { execute }));
        });
      return importAccounts(
        { ...deps, accounts: Object.assign(Object.create(accounts), { transaction }) },
        source,
        options,
      );
    };

  it.each<[string, Import, RegExp]>([
    ['a hash that is cut', changing((json) => json.replace(/("hash":"[^"]+)[^"]"/g, '$1"')), /another hash/],
    ['an address that is changed', changing((json) => json.replaceAll('.com"', '.org"')), /another address/],
    ['an id that is lost', changing((json) => json.replaceAll('"idGiven":true', '"idGiven":false')), /another id/],
    [
      'a language that is lost',
      changing((json) => json.replaceAll('"locale":"en"', '"locale":null')),
      /another language/,
    ],
    [
      'a line that is not told',
      (deps, source, options) =>
        importAccounts(
          { ...deps, err: { write: (text) => deps.err.write(text.replace(/^line 2: .*\n/, '')) } },
          source,
          options,
        ),
      /neither added nor refused/,
    ],
    [
      'a hash that is told',
      async (deps, source, options) => {
        const chunks = await source.toArray();
        deps.err.write(/[^"]{16,}/.exec(Buffer.concat(chunks).toString())?.[0] ?? '');
        return importAccounts(deps, (await import('node:stream')).Readable.from(chunks), options);
      },
      /a part of a value is told/,
    ],
    ['a crash', () => Promise.reject(new TypeError('not this')), /another error: TypeError/],
    ['a miscount', async (...all) => ({ ...(await importAccounts(...all)), added: 77 }), /the counts of an import/],
    [
      'a failure that is none of the database',
      async (...all) => ({ ...(await importAccounts(...all)), ended: 'database-failed' as const }),
      /ended with database-failed/,
    ],
  ])('%s', async (_name, run, why) => {
    const { findings } = await fuzz(imports(run), { ...size, cases: 100 });
    expect(findings.map((each) => each.why).join('\n')).toMatch(why);
  });
});
