import { Readable } from 'node:stream';
import { Accounts } from '../../../src/accounts/accounts.js';
import { importAccounts } from '../../../src/commands/accounts/import/import.js';
import type { ImportResult } from '../../../src/commands/accounts/import/report.js';
import type { Fuzzer } from '../fuzzer.js';
import { type ImportCase, importCases } from './cases.js';
import { bytesOf, judgeImport, type Row } from './judge.js';

/** Imports a file; a test gives one with a fault. */
export type Import = typeof importAccounts;

/** The whole import but for the database, in whose place every row is taken. */
export function imports(run: Import = importAccounts): Fuzzer<ImportCase> {
  const open = async () => ({ judge: (each: ImportCase) => judge(each, run), close: async () => undefined });
  return { name: 'import', cases: importCases, open };
}

async function judge(each: ImportCase, run: Import): Promise<string> {
  const rows: Row[] = [];
  let said = '';
  const write = (text: string) => {
    said += text;
  };
  const knownLocale = (tag: string | null) => (tag?.startsWith('en') ? 'en' : null);
  const deps = { accounts: takingAll(rows), argon2: { memoryKib: 1024, timeCost: 2 }, knownLocale, err: { write } };
  const result = await run(deps, Readable.from(chunksOf(each)), {
    allowExpensive: each.allowExpensive,
    strict: true,
    batchSize: 3,
  });
  return judgeImport(each, { ...result, rows, said, counted: countOf(result) });
}

function countOf({ added, present, refused }: ImportResult): number {
  return added + present + refused;
}

/** More would only cost time. */
const mostChunks = 200;

function* chunksOf(each: ImportCase): Generator<Buffer> {
  const bytes = bytesOf(each);
  const size = Math.max(each.chunk, Math.ceil(bytes.length / mostChunks));
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Stands for the table of accounts: notes the rows of each batch and says that all were added. */
function takingAll(rows: Row[]): Accounts {
  const execute = async (statement: string, values: readonly string[] = []) => {
    if (!statement.includes('insert into "latchkey".account ')) return [];
    const batch = JSON.parse(values[0] ?? '[]') as Row[];
    rows.push(...batch);
    return batch.map(({ id }) => ({ id }));
  };
  const transaction = <Result>(
    work: (transaction: { execute: typeof execute; config: { get: () => string } }) => Promise<Result>,
  ) => work({ execute, config: { get: () => 'latchkey' } });
  const accounts: Accounts = Object.assign(Object.create(Accounts.prototype), { transaction });
  return accounts;
}
