import { closeSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { HashLimiter } from '../../../accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../accounts/passwords/password-hash.js';
import { CommandFailure, codeOf, explain } from '../../failure.js';
import type { Writer } from '../../progress.js';
import { readText, testAccountOf } from '../../test-account.js';
import type { EntryOptions } from './entry.js';
import { type ImportDeps, type ImportOptions, importAccounts } from './import.js';
import { pepperFor } from './pepper.js';
import { parseFirebaseParameters } from './products/firebase.js';
import { productNames } from './products/product.js';
import { productOf } from './products/products.js';
import { type ProvedAccount, proveFile } from './proof.js';
import { SourceBroken } from './records/bytes.js';
import { WrongForm } from './records/wrong-form.js';
import { type ImportResult, summary } from './report.js';
import { hashOf } from './wrapping.js';

export interface ImportFlags {
  readonly from?: string;
  readonly firebaseParameters?: string;
  readonly update?: boolean;
  readonly strict?: boolean;
  readonly keepUnverified?: boolean;
  readonly errors?: string;
  readonly testAccount?: string;
  readonly testPasswordFile?: string;
  readonly pepperFile?: string;
  readonly withoutPepper?: boolean;
  readonly dryRun?: boolean;
  readonly allowExpensive?: boolean;
}

export interface ImportRunDeps extends ImportDeps {
  /** `PASSWORD_PEPPER`. */
  readonly pepper?: string | undefined;
  readonly terminal: { readonly in: Readable; readonly out: Writer; readonly err: Writer };
  /** Makes the events of other services; undefined if none is told. */
  readonly openEvents?: (() => Promise<NonNullable<ImportDeps['events']>>) | undefined;
}

/** The exit code that shells expect after SIGINT: 128 and the signal's number, 2. */
const interruptedCode = 130;

/**
 * @param file its path, or `-` for standard input.
 * @returns the exit code: 0, 2 when records were refused, 130 when it was interrupted.
 * @throws CommandFailure when the flags, the file or the database are at fault.
 */
export async function runImport(
  deps: ImportRunDeps,
  file: string,
  flags: ImportFlags & { signal?: AbortSignal },
): Promise<number> {
  const { terminal } = deps;
  const { dryRun = false, allowExpensive = false, strict = false, update = false, keepUnverified = false } = flags;
  const product = await productFor(flags);
  const pepper = pepperFor(deps.pepper, flags);
  const entries = { allowExpensive, strict, keepUnverified, product, hasPepper: flags.pepperFile !== undefined };
  await prove({ ...deps, pepper }, file, flags, entries);
  const errors = flags.errors === undefined ? undefined : openErrors(flags.errors);
  try {
    const source = file === '-' ? { stream: terminal.in, size: undefined } : await openFile(file);
    const options: ImportOptions = {
      ...entries,
      ...{ dryRun, update, size: source.size },
      ...(flags.signal ? { signal: flags.signal } : {}),
      ...(errors === undefined ? {} : { onRefused: (refusal) => writeSync(errors, `${JSON.stringify(refusal)}\n`) }),
    };
    const events = update && !dryRun ? await deps.openEvents?.() : undefined;
    return told(await importAccounts({ ...deps, events, err: terminal.err }, source.stream, options), dryRun, terminal);
  } finally {
    if (errors !== undefined) closeSync(errors);
  }
}

/** Prints the result. @returns the exit code. @throws CommandFailure when the import stopped by a fault. */
function told(result: ImportResult, dryRun: boolean, { out, err }: ImportRunDeps['terminal']): number {
  const { ended, through, refused, unit } = result;
  if (ended === 'complete' || through > 0) out.write(`${summary(result, dryRun)}\n`);
  if (ended === 'complete') return refused > 0 ? 2 : 0;
  const where = `after ${unit} ${through}; what was done stays, and importing the same ${unit}s again is safe`;
  if (ended !== 'interrupted') {
    throw new CommandFailure(through > 0 ? `${faultOf(result)}: stopped ${where}` : faultOf(result));
  }
  err.write(`latchkey: interrupted ${where}\n`);
  return interruptedCode;
}

async function productFor({ from, firebaseParameters }: ImportFlags) {
  if (from === undefined && firebaseParameters === undefined) return undefined;
  const name = productNames.find((each) => each === from);
  if (!name) throw new CommandFailure(`--from is none of ${productNames.join(', ')}`);
  if (firebaseParameters === undefined) return productOf(name);
  if (name !== 'firebase') throw new CommandFailure('--firebase-parameters is for --from firebase');
  const text = await readText('--firebase-parameters', firebaseParameters);
  try {
    return productOf(name, parseFirebaseParameters(text));
  } catch (error) {
    throw error instanceof WrongForm ? new CommandFailure(error.message) : error;
  }
}

/** @throws CommandFailure with the place of the first fault that makes the whole file useless. */
async function prove(deps: ImportRunDeps, file: string, flags: ImportFlags, entries: EntryOptions): Promise<void> {
  const test = await testAccount(deps, flags);
  if (file === '-') {
    if (test) throw new CommandFailure('--test-account needs a file, which is read twice');
    return;
  }
  const { stream } = await openFile(file);
  try {
    await proveFile(stream, entries, test);
  } catch (error) {
    if (error instanceof WrongForm) throw new CommandFailure(error.message);
    if (error instanceof SourceBroken) throw new CommandFailure(brokenBy(error.cause), { cause: error });
    throw new CommandFailure(explain(error), { cause: error });
  } finally {
    stream.destroy();
  }
}

async function testAccount({ pepper, argon2 }: ImportRunDeps, flags: ImportFlags): Promise<ProvedAccount | undefined> {
  const test = await testAccountOf(flags);
  if (!test) return undefined;
  const limiter = new HashLimiter({ hashConcurrency: 1, hashQueue: 1 });
  const passwordHash = new PasswordHash(argon2, limiter, undefined, undefined, { pepper });
  const opens: ProvedAccount['opens'] = async (entry) =>
    passwordHash.verify(await hashOf(entry, argon2), test.password, { urgency: 'other' });
  return { email: test.email, opens };
}

/** A new file that only its owner reads. @returns its descriptor. */
function openErrors(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (cause) {
    throw new CommandFailure(`--errors: the file cannot be made (${codeOf(cause) ?? 'unknown reason'})`, { cause });
  }
}

async function openFile(path: string): Promise<{ stream: Readable; size: number | undefined }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return {
      stream: handle.createReadStream(),
      size: stats.isFile() ? stats.size : undefined,
    };
  } catch (error) {
    await handle?.close();
    throw new CommandFailure(`the file cannot be read (${codeOf(error) ?? 'unknown reason'})`, { cause: error });
  }
}

function faultOf({ ended, cause }: ImportResult): string {
  if (ended === 'wrong-form' && cause instanceof Error) return cause.message;
  return ended === 'source-broken' ? brokenBy(cause) : explain(cause);
}

function brokenBy(cause: unknown): string {
  const code = codeOf(cause);
  if (code?.startsWith('Z_')) return `the gzip file is cut or damaged (${code})`;
  return `the file cannot be read on (${code ?? 'unknown reason'})`;
}
