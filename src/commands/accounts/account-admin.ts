import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Accounts, Credential } from '../../accounts/accounts.js';
import type { CredentialEvents } from '../../accounts/credential-events.js';
import { type EmailAddress, parseEmailAddress } from '../../accounts/email-address.js';
import { disableAccount, enableAccount } from '../../accounts/own-status.js';
import { kindOfHash } from '../../accounts/passwords/forms/imported-hash.js';
import type { PasswordHash } from '../../accounts/passwords/password-hash.js';
import type { Audit } from '../../audit/audit.js';
import { CommandFailure, codeOf, explain } from '../failure.js';
import type { Writer } from '../progress.js';
import { parseUuid } from './import/entry.js';
import { type ImportResult, importAccounts, summary } from './import/import.js';

export interface AccountAdminDeps {
  readonly accounts: Accounts;
  readonly audit: Pick<Audit, 'record' | 'note'>;
  readonly passwordHash: Pick<PasswordHash, 'make'>;
  /** Makes the events of other services; undefined if none is told. */
  readonly openEvents?: (() => Promise<Pick<CredentialEvents, 'record'>>) | undefined;
  /** The language in which mails to such a locale are written, or null if there is none. */
  readonly knownLocale: (locale: string | null) => string | null;
  readonly languages: readonly string[];
  readonly terminal: { readonly in: Readable; readonly out: Writer; readonly err: Writer };
}

export interface ImportFlags {
  readonly dryRun?: boolean;
  readonly allowExpensive?: boolean;
}

/** The origin of these events in the audit trail. */
const origin = 'command line';
/** The exit code that shells expect after SIGINT: 128 and the signal's number, 2. */
const interruptedCode = 130;

/** What an operator does with accounts. Every method throws `CommandFailure` with a message for the operator. */
export class AccountAdmin {
  constructor(private readonly deps: AccountAdminDeps) {}

  /** Adds an account with a random password that nobody knows; its owner sets one by a reset. */
  async add(addressText: string, { id: idText, locale: localeText }: { id?: string; locale?: string }): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit, passwordHash, knownLocale, languages } = this.deps;
    const email = parseEmailAddress(addressText);
    if (!email) throw new CommandFailure('the address is not one plain e-mail address');
    const id = idText === undefined ? undefined : parseUuid(idText);
    if (idText !== undefined && !id) throw new CommandFailure('--id is not a UUID');
    const locale = knownLocale(localeText ?? null);
    if (localeText !== undefined && !locale) {
      throw new CommandFailure(`--locale: there are no mails in this language; there are ${languages.join(', ')}`);
    }
    const fields = {
      email,
      locale,
      passwordHash: await passwordHash.make(randomBytes(32).toString('base64url'), { urgency: 'other' }),
    };
    const added = await explained(
      accounts.create({ ...fields, ...(id ? { id } : {}) }, (transaction, accountId) =>
        audit.record(transaction, { kind: 'account.added', accountId, origin }),
      ),
    );
    if (!added) throw await this.#taken(email);
    this.#print(`added ${added.id}`);
  }

  /** Disables an account; this also ends all its reset keys and access tokens. */
  async disable(who: string): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit } = this.deps;
    const { id } = await this.#find(who);
    const events = await this.deps.openEvents?.();
    const changed = await explained(
      accounts.transaction(async (transaction) => {
        const disabled = await disableAccount(transaction, id);
        if (!disabled) return false;
        await audit.record(transaction, { kind: 'account.disabled', accountId: id, origin });
        await events?.record(transaction, 'account.disabled', id, await accounts.now(transaction));
        return true;
      }),
    );
    this.#print(changed ? `disabled ${id}` : `${id} was disabled already`);
  }

  async enable(who: string): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit } = this.deps;
    const { id } = await this.#find(who);
    const events = await this.deps.openEvents?.();
    const changed = await explained(
      accounts.transaction(async (transaction) => {
        const enabled = await enableAccount(transaction, id);
        if (!enabled) return false;
        await audit.record(transaction, { kind: 'account.enabled', accountId: id, origin });
        await events?.record(transaction, 'account.enabled', id, await accounts.now(transaction));
        return true;
      }),
    );
    this.#print(changed ? `enabled ${id}` : `${id} was enabled already`);
  }

  async show(who: string, { json }: { json?: boolean }): Promise<void> {
    const { id } = await this.#find(who);
    const account = await explained(this.deps.accounts.findWithHash({ id }));
    if (!account) throw unknownAccount();
    await this.deps.audit.note({ kind: 'account.shown', accountId: id, origin });
    const { email, locale, status, credentialVersion, sessionVersion, createdAt, credentialsChangedAt } = account;
    const shown = {
      id,
      email,
      locale: locale ?? null,
      status,
      credentialVersion,
      sessionVersion,
      createdAt: createdAt.toISOString(),
      credentialsChangedAt: credentialsChangedAt?.toISOString() ?? null,
      hash: account.passwordHash ? kindOfHash(account.passwordHash) : { algorithm: 'none' },
    };
    if (json) return this.#print(JSON.stringify(shown));
    const inWords = {
      ...shown,
      locale: locale ?? 'none',
      credentialsChangedAt: shown.credentialsChangedAt ?? 'unknown',
    };
    for (const [name, value] of Object.entries(inWords)) {
      const text = typeof value === 'object' ? Object.values(value).join(' ') : value;
      this.#print(`${name.padEnd(20)} ${text}`);
    }
  }

  /**
   * @param file NDJSON, or `-` for standard input.
   * @returns the exit code: 0, 2 when lines were refused, 130 when it was interrupted.
   * @throws CommandFailure when the file or the database failed.
   */
  async import(
    file: string,
    { dryRun = false, allowExpensive = false, signal }: ImportFlags & { signal?: AbortSignal },
  ): Promise<number> {
    this.#refuseForeign();
    const { terminal } = this.deps;
    const source = file === '-' ? { stream: terminal.in, size: undefined } : await openFile(file);
    const options = { dryRun, allowExpensive, size: source.size, ...(signal ? { signal } : {}) };
    const result = await importAccounts({ ...this.deps, err: terminal.err }, source.stream, options);
    const { ended, through, refused } = result;
    if (ended === 'complete' || through > 0) this.#print(summary(result, dryRun));
    if (ended === 'complete') return refused > 0 ? 2 : 0;
    const where = `after line ${through}; what was done stays, and importing the same lines again is safe`;
    if (ended !== 'interrupted') {
      throw new CommandFailure(through > 0 ? `${faultOf(result)}: stopped ${where}` : faultOf(result));
    }
    terminal.err.write(`latchkey: interrupted ${where}\n`);
    return interruptedCode;
  }

  async #find(who: string): Promise<Credential> {
    const email = parseEmailAddress(who);
    // The ids of an app have any form.
    const id = this.deps.accounts.shapeName ? who : parseUuid(who);
    if (!email && !id) throw new CommandFailure('neither an e-mail address nor the id of an account (a UUID)');
    const account = await explained(this.deps.accounts.find(email ? { email } : { id: id ?? '' }));
    if (!account) throw unknownAccount();
    return account;
  }

  /** @throws CommandFailure where the accounts are those of an app. */
  #refuseForeign(): void {
    const { shapeName } = this.deps.accounts;
    if (!shapeName) return;
    throw new CommandFailure(
      `the app owns the rows of ${shapeName}, where accounts live (ACCOUNTS); change them there`,
    );
  }

  async #taken(email: EmailAddress): Promise<CommandFailure> {
    const holder = await explained(this.deps.accounts.find({ email }));
    return new CommandFailure(
      holder ? `the address has an account already: ${holder.id}` : 'the id has an account already',
    );
  }

  #print(line: string): void {
    this.deps.terminal.out.write(`${line}\n`);
  }
}

async function explained<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new CommandFailure(explain(error), { cause: error });
  });
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
  return ended === 'source-broken'
    ? `the file cannot be read on (${codeOf(cause) ?? 'unknown reason'})`
    : explain(cause);
}

function unknownAccount(): CommandFailure {
  return new CommandFailure('no such account');
}
